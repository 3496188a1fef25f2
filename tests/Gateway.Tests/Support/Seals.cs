using Gateway.Idempotency.Secrets;

namespace Gateway.Tests.Support;

/// <summary>Seals with keys in a folder of their own.</summary>
internal static class Seals
{
    /// <summary>For those who never use it: the folder is made with the first use.</summary>
    public static AnswerSeal New() => new(new KeyRing(Options(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())), TimeProvider.System));

    public static AnswerSeal In(string folder, TimeProvider? time = null) => new(new KeyRing(Options(folder), time ?? TimeProvider.System));

    public static KeyRingOptions Options(string folder) => new() { Folder = folder, KeyLifetime = TimeSpan.FromDays(90) };
}
