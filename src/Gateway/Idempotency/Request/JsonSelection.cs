namespace Gateway.Idempotency.Request;

/// <summary>Which parts of a JSON document count: those under an included pointer (all, if none is given), less the excluded.</summary>
internal sealed class JsonSelection
{
    public static readonly JsonSelection Everything = new([], []);

    public JsonSelection(IReadOnlyList<JsonPointer> include, IReadOnlyList<JsonPointer> exclude)
    {
        (Include, Exclude) = (include, exclude);
        IsEverything = include.Count == 0 && exclude.Count == 0;
        IsFlat = include.Concat(exclude).All(static pointer => pointer.Segments.Count == 1);
        Root = new JsonPosition(include.Count == 0 ? null : [Tree(include)], exclude.Count == 0 ? [] : [Tree(exclude)]);
    }

    /// <summary>As configured; empty: all counts.</summary>
    public IReadOnlyList<JsonPointer> Include { get; }

    /// <summary>As configured.</summary>
    public IReadOnlyList<JsonPointer> Exclude { get; }

    public bool IsEverything { get; }

    /// <summary>No pointer goes deeper than a form does: one that does was meant for JSON, and followed in a form it would leave nothing of it.</summary>
    public bool IsFlat { get; }

    public JsonPosition Root { get; }

    /// <summary>Whether a field of a form counts: it is a plain value by that name.</summary>
    public bool Counts(string name) => Root.Below(name) is { IsDropped: false, IsPartial: false };

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
    public bool IsDropped => _include is { Length: 0 } || _exclude.Any(static node => node.IsEnd);

    public JsonPosition Below(ReadOnlySpan<char> segment)
    {
        var include = _include is null ? null : Step(_include, segment);
        return new JsonPosition(include is not null && include.Any(static node => node.IsEnd) ? null : include, Step(_exclude, segment));
    }

    /// <summary>Mostly nothing or one node: for that nothing is allocated, as a body may have hundreds of thousands of elements.</summary>
    private static PointerNode[] Step(PointerNode[] nodes, ReadOnlySpan<char> segment)
    {
        PointerNode? first = null;
        List<PointerNode>? all = null;
        foreach (var node in nodes)
        {
            Add(node.Child(segment), ref first, ref all);
            Add(node.Wildcard, ref first, ref all);
        }

        return all is not null ? [.. all] : first?.Alone ?? [];

        static void Add(PointerNode? node, ref PointerNode? first, ref List<PointerNode>? all)
        {
            if (node is null)
            {
                return;
            }

            if (first is null)
            {
                first = node;
            }
            else
            {
                (all ??= [first]).Add(node);
            }
        }
    }
}

internal sealed class PointerNode
{
    private readonly Dictionary<string, PointerNode> _children = new(StringComparer.Ordinal);

    public PointerNode() => Alone = [this];

    public bool IsEnd { get; set; }

    /// <summary>This one as the only place: made once, not for each element of a body.</summary>
    public PointerNode[] Alone { get; }

    /// <summary>Below every segment.</summary>
    public PointerNode? Wildcard { get; private set; }

    public PointerNode Add(string segment)
    {
        if (segment == "*")
        {
            return Wildcard ??= new PointerNode();
        }

        if (!_children.TryGetValue(segment, out var child))
        {
            _children.Add(segment, child = new PointerNode());
        }

        return child;
    }

    /// <summary>Below this segment by its name.</summary>
    public PointerNode? Child(ReadOnlySpan<char> segment) =>
        _children.Count > 0 && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var child) ? child : null;
}
