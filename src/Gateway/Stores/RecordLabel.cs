namespace Gateway.Stores;

/// <summary>What an operator needs to find a record again. It takes no part in any decision.</summary>
/// <param name="Operation">What was being done.</param>
/// <param name="Key">The client's key, decoded.</param>
/// <param name="Actor">The hash of who asked; never the values themselves.</param>
public readonly record struct RecordLabel(string Operation, string Key, UInt128 Actor);
