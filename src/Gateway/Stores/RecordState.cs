namespace Gateway.Stores;

/// <summary>The state as it is written. The numbers are part of the stored format: they never change their meaning.</summary>
public enum RecordState : byte
{
    InFlight = 1,
    Completed = 2,
    Unknown = 3,
}
