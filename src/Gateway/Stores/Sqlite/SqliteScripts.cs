namespace Gateway.Stores.Sqlite;

/// <summary>The statements, each in a file of its own under <c>Scripts/</c>.</summary>
internal static class SqliteScripts
{
    public static readonly string Schema = Load("schema");
    public static readonly string HasTables = Load("has_tables");
    public static readonly string HasOwnTables = Load("has_own_tables");
    public static readonly string Insert = Load("insert");
    public static readonly string Find = Load("find");
    public static readonly string TakeOver = Load("take_over");
    public static readonly string ForgetAnswer = Load("forget_answer");
    public static readonly string Renew = Load("renew");
    public static readonly string Complete = Load("complete");
    public static readonly string KeepAnswer = Load("keep_answer");
    public static readonly string IsCompleted = Load("is_completed");
    public static readonly string MarkUnknown = Load("mark_unknown");
    public static readonly string Release = Load("release");
    public static readonly string SweepAnswers = Load("sweep_answers");
    public static readonly string SweepRecords = Load("sweep_records");
    public static readonly string Count = Load("count");
    public static readonly string OpenIndex = Load("open_index");
    public static readonly string HasOpenIndex = Load("has_open_index");
    public static readonly string Read = Load("read");
    public static readonly string FindKeys = Load("find_keys");
    public static readonly string Holdings = Load("holdings");
    public static readonly string ActorIndex = Load("actor_index");
    public static readonly string IsRunning = Load("is_running");
    public static readonly string ScanOpen = Load("scan_open");
    public static readonly string ScanByAge = Load("scan_by_age");
    public static readonly string ScanAll = Load("scan_all");
    public static readonly string Resolve = Load("resolve");
    public static readonly string Delete = Load("delete");

    private static string Load(string name) => Load("Gateway.Stores.Sqlite.Scripts", name);

    internal static string Load(string folder, string name)
    {
        using var stream = typeof(SqliteScripts).Assembly.GetManifestResourceStream($"{folder}.{name}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
