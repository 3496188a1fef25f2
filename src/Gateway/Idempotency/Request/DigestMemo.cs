namespace Gateway.Idempotency.Request;

/// <summary>
/// The last list that a thread has hashed, and its digest: what a request says beside its body is mostly what the one before it has said.
/// </summary>
internal sealed class DigestMemo
{
    private const int Largest = 512;

    private readonly byte[] _list = new byte[Largest];
    private int _length = -1;
    private UInt128 _digest;

    public UInt128 Of(ReadOnlySpan<byte> list)
    {
        if (list.Length == _length && list.SequenceEqual(_list.AsSpan(0, _length)))
        {
            return _digest;
        }

        var digest = Digest.Of(list);
        if (list.Length <= Largest)
        {
            list.CopyTo(_list);
            (_length, _digest) = (list.Length, digest);
        }

        return digest;
    }
}
