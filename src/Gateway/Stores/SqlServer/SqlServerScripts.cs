using System.Reflection;

namespace Gateway.Stores.SqlServer;

/// <summary>The statements, each in a file of its own under <c>Scripts/</c>, for one schema.</summary>
internal sealed class SqlServerScripts(string schema)
{
    /// <summary>The schema that the files name; valid T-SQL as they lie there.</summary>
    public const string DefaultSchema = "idempotency";

    public string Schema { get; } = Load("schema", schema);

    public string HasTables { get; } = Load("has_tables", schema);

    public string Version { get; } = Load("version", schema);

    public string Begin { get; } = Load("begin", schema);

    public string FindCompleted { get; } = Load("find_completed", schema);

    public string Renew { get; } = Load("renew", schema);

    public string Complete { get; } = Load("complete", schema);

    public string MarkUnknown { get; } = Load("mark_unknown", schema);

    public string Release { get; } = Load("release", schema);

    public string Sweep { get; } = Load("sweep", schema);

    public string Count { get; } = Load("count", schema);

    public string OpenIndex { get; } = Load("open_index", schema);

    public string HasOpenIndex { get; } = Load("has_open_index", schema);

    public string Read { get; } = Load("read", schema);

    public string FindKeys { get; } = Load("find_keys", schema);

    public string Holdings { get; } = Load("holdings", schema);

    public string ActorIndex { get; } = Load("actor_index", schema);

    public string FindSettled { get; } = Load("find_settled", schema);

    public string ScanOpen { get; } = Load("scan_open", schema);

    public string ScanByAge { get; } = Load("scan_by_age", schema);

    public string ScanAll { get; } = Load("scan_all", schema);

    public string Resolve { get; } = Load("resolve", schema);

    public string Free { get; } = Load("free", schema);

    public string Delete { get; } = Load("delete", schema);

    /// <param name="schema">A plain name (letters, digits, underscores): checked where it is configured.</param>
    private static string Load(string name, string schema)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Gateway.Stores.SqlServer.Scripts.{name}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd()
            .Replace($"[{DefaultSchema}]", $"[{schema}]", StringComparison.Ordinal)
            .Replace($"N'{DefaultSchema}'", $"N'{schema}'", StringComparison.Ordinal);
    }
}
