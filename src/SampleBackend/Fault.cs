namespace SampleBackend;

/// <summary>How a request goes wrong.</summary>
internal enum Fault
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Answers 500, or the error status that is asked for, without charging.</summary>
    Refuse,

    /// <summary>Charges, then answers 500.</summary>
    Error,

    /// <summary>Charges, then cuts the connection without an answer: the lost answer.</summary>
    Reset,

    /// <summary>Charges, then cuts the connection in the middle of the announced body.</summary>
    Truncate,
}
