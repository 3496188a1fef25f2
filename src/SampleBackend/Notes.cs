namespace SampleBackend;

/// <summary>The notes on each order, in the order they came. A note that is sent twice stands there twice.</summary>
internal sealed class Notes
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<string>> _notes = [];

    public void Add(string orderId, string note)
    {
        lock (_lock)
        {
            if (!_notes.TryGetValue(orderId, out var notes))
            {
                _notes[orderId] = notes = [];
            }

            notes.Add(note);
        }
    }

    public IReadOnlyList<string> Of(string orderId)
    {
        lock (_lock)
        {
            return _notes.TryGetValue(orderId, out var notes) ? [.. notes] : [];
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _notes.Clear();
        }
    }
}
