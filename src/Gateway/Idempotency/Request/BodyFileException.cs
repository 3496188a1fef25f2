namespace Gateway.Idempotency.Request;

/// <summary>
/// A body's file cannot be made, written or read, or there is no room for it. No <see cref="IOException"/>, as that is what a
/// client's broken connection throws.
/// </summary>
internal sealed class BodyFileException(string message, Exception? inner = null) : Exception(message, inner);
