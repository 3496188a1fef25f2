namespace Gateway.Idempotency.Request;

/// <summary>Which parts of a JSON document count: those under an included pointer (all, if none is given), less the excluded.</summary>
internal sealed class JsonSelection
{
    public static readonly JsonSelection Everything = new([], []);

    public JsonSelection(IReadOnlyList<JsonPointer> include, IReadOnlyList<JsonPointer> exclude)
    {
        IsEverything = include.Count == 0 && exclude.Count == 0;
        Root = new JsonPosition(include.Count == 0 ? null : [Tree(include)], exclude.Count == 0 ? [] : [Tree(exclude)]);
    }

    public bool IsEverything { get; }

    public JsonPosition Root { get; }

    private static PointerNode Tree(IReadOnlyList<JsonPointer> pointers)
    {
        var root = new PointerNode();
        foreach (var pointer in pointers)
        {
            var node = root;
            foreach (var segment in pointer.Segments)
            {
                node = node.Add(segment);
            }

            node.IsEnd = true;
        }

        return root;
    }
}

/// <summary>Where in the document one is, seen from the pointers.</summary>
internal readonly struct JsonPosition
{
    private readonly PointerNode[]? _include; // null: all below counts
    private readonly PointerNode[] _exclude;

    public JsonPosition(PointerNode[]? include, PointerNode[] exclude)
    {
        _include = include;
        _exclude = exclude;
    }

    /// <summary>No pointer has a say any more: everything below counts.</summary>
    public bool IsWhole => _include is null && _exclude.Length == 0;

    /// <summary>Only some of what is below counts; nothing, if none of it is there.</summary>
    public bool IsPartial => _include is not null;

    /// <summary>Nothing below counts.</summary>
    public bool IsDropped => _include is { Length: 0 } || _exclude.Any(node => node.IsEnd);

    public JsonPosition Below(string segment)
    {
        var include = _include is null ? null : Step(_include, segment);
        return new JsonPosition(include is not null && include.Any(node => node.IsEnd) ? null : include, Step(_exclude, segment));
    }

    private static PointerNode[] Step(PointerNode[] nodes, string segment) => [.. nodes.SelectMany(node => node.Below(segment))];
}

internal sealed class PointerNode
{
    private readonly Dictionary<string, PointerNode> _children = new(StringComparer.Ordinal);

    public bool IsEnd { get; set; }

    public PointerNode Add(string segment)
    {
        if (!_children.TryGetValue(segment, out var child))
        {
            _children.Add(segment, child = new PointerNode());
        }

        return child;
    }

    public IEnumerable<PointerNode> Below(string segment)
    {
        if (_children.TryGetValue(segment, out var child))
        {
            yield return child;
        }

        if (segment != "*" && _children.TryGetValue("*", out var any))
        {
            yield return any;
        }
    }
}
