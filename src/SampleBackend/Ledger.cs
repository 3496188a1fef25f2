using System.Text.Json;

namespace SampleBackend;

/// <summary>
/// Every charge since the start, in order. With a file, a charge is on the disk before <see cref="Add"/> returns, one JSON
/// line each, and is read back at the next start: whoever kills the shop can still count what was charged.
/// </summary>
internal sealed class Ledger : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Charge> _charges = [];
    private readonly TimeProvider _clock;
    private readonly FileStream? _file;
    private long _lastId;

    public Ledger(TimeProvider clock, string? path)
    {
        _clock = clock;
        if (!string.IsNullOrEmpty(path))
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            ReadBack(_file);
        }
    }

    public Charge Add(string orderId, decimal amount, string currency)
    {
        lock (_lock)
        {
            var charge = new Charge(_lastId + 1, orderId, amount, currency, _clock.GetUtcNow().UtcDateTime);
            if (_file is not null)
            {
                _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(charge, Program.Json), (byte)'\n']);
                _file.Flush(flushToDisk: true);
            }

            _lastId = charge.Id;
            _charges.Add(charge);
            return charge;
        }
    }

    public IReadOnlyList<Charge> Charges(string? orderId = null)
    {
        lock (_lock)
        {
            return [.. _charges.Where(charge => orderId is null || charge.OrderId == orderId)];
        }
    }

    /// <summary>Forgets all charges. Ids are not used again.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _charges.Clear();
            _file?.SetLength(0);
            _file?.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void ReadBack(FileStream file)
    {
        var content = new byte[file.Length];
        file.ReadExactly(content);

        // A last line without its end was being written when the process died: nobody was told of that charge.
        var end = content.AsSpan().LastIndexOf((byte)'\n') + 1;
        file.SetLength(end);

        for (var start = 0; start < end;)
        {
            var length = content.AsSpan(start).IndexOf((byte)'\n');
            _charges.Add(JsonSerializer.Deserialize<Charge>(content.AsSpan(start, length), Program.Json)!);
            start += length + 1;
        }

        _lastId = _charges.Count == 0 ? 0 : _charges[^1].Id;
    }
}
