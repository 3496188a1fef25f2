namespace Gateway.Idempotency.Request;

/// <summary>How request bodies wait for their forward. <c>Idempotency:Buffering</c>.</summary>
/// <param name="MemoryThreshold">Bytes, 4 KiB to 64 MiB. Larger bodies wait in files. Default 1 MiB.</param>
/// <param name="Path">The folder of those files, relative to the routes file. Null: the system's for temporary files.</param>
/// <param name="MaxDiskSize">Bytes of all bodies in files at once; 0: as much as the disk takes. Default 10 GiB.</param>
internal sealed record BufferingOptions(int MemoryThreshold, string? Path, long MaxDiskSize)
{
    public static readonly BufferingOptions Default = new(1 << 20, null, 10L << 30);

    /// <summary>As a path that files can be made under.</summary>
    public string Folder => Path ?? System.IO.Path.GetTempPath();
}
