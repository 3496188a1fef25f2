namespace Gateway.Stores.Redis;

/// <summary>The scripts, each in a file of its own under <c>Scripts/</c>.</summary>
internal static class RedisScripts
{
    public static readonly string Begin = Load("begin");
    public static readonly string Renew = Load("renew");
    public static readonly string Complete = Load("complete");
    public static readonly string MarkUnknown = Load("mark_unknown");
    public static readonly string Release = Load("release");
    public static readonly string Look = Load("look");
    public static readonly string Resolve = Load("resolve");
    public static readonly string Delete = Load("delete");
    public static readonly string QuotaLook = Load("quota_look");
    public static readonly string QuotaNote = Load("quota_note");
    public static readonly string QuotaForget = Load("quota_forget");

    private static string Load(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream($"Gateway.Stores.Redis.Scripts.{name}.lua")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
