namespace Gateway.Management;

/// <summary>
/// Lines that are appended to a file and synced. One writer at a time, of whichever process: gateways on one machine may share the
/// file, and .NET's append is no atomic one (two that open it at once write over each other).
/// </summary>
internal sealed class AuditFile(string path)
{
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int WouldBlock = 11; // Linux; another writer holds it
    private const int WouldBlockOnMac = 35;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();

    /// <exception cref="IOException">It could not be written.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        try
        {
            lock (_gate)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var file = Open(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                file.Write([.. EndsInALine(file) ? [] : "\n"u8, .. line, (byte)'\n']);
                file.Flush(flushToDisk: true);
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The file's end, from the start of a line on; empty where none was written yet.</summary>
    /// <exception cref="IOException">It is there, and could not be read.</exception>
    public byte[] ReadEnd(int most)
    {
        try
        {
            lock (_gate)
            {
                using var file = Open(FileMode.Open, FileAccess.Read, FileShare.Read);
                var isCut = file.Length > most;
                file.Seek(-Math.Min(most, file.Length), SeekOrigin.End);
                var end = new byte[file.Length - file.Position];
                end = end[..file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false)];
                return isCut ? end[(Array.IndexOf(end, (byte)'\n') + 1)..] : end;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>A line that was cut by a crash must not take the next one with it.</summary>
    private static bool EndsInALine(FileStream file)
    {
        if (file.Length == 0)
        {
            return true;
        }

        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n'; // and there the end is
    }

    private FileStream Open(FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode == FileMode.OpenOrCreate)
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        for (var left = Patience; ; left -= Pause)
        {
            try
            {
                return new FileStream(path, options);
            }
            catch (IOException e) when (e.HResult is SharingViolation or WouldBlock or WouldBlockOnMac && left > TimeSpan.Zero)
            {
                Thread.Sleep(Pause); // the other is done in the time of one sync
            }
        }
    }
}
