namespace Gateway.Stores.Sqlite.Spool;

/// <summary>The spool's statements, each in a file of its own under <c>Scripts/</c>.</summary>
internal static class SpoolScripts
{
    public static readonly string Schema = Load("schema");
    public static readonly string HasOwnTables = Load("has_own_tables");
    public static readonly string Add = Load("add");
    public static readonly string List = Load("list");
    public static readonly string Read = Load("read");
    public static readonly string Remove = Load("remove");
    public static readonly string CountOthers = Load("count_others");
    public static readonly string RemoveExpired = Load("remove_expired");

    private static string Load(string name) => SqliteScripts.Load("Gateway.Stores.Sqlite.Spool.Scripts", name);
}
