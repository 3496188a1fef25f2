namespace Gateway.Idempotency.Request;

/// <summary>Where bodies wait that are too large for memory, and how much of the disk they may take together.</summary>
internal sealed class BodyFiles(BufferingOptions options)
{
    private long _size;

    /// <summary>Bytes. Larger bodies go into files.</summary>
    public int MemoryThreshold => options.MemoryThreshold;

    /// <summary>Bytes in files now.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>Whether so much would fit now: asked before a body is pulled that could not be kept. Nothing is set aside, or a client could take all of it with a header.</summary>
    /// <exception cref="BodyFileException">It would not.</exception>
    public void RequireRoomFor(long length) => Require(Size + length);

    /// <exception cref="BodyFileException">It cannot be made.</exception>
    public BodyFile Create()
    {
        try
        {
            return new BodyFile(this, Open());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BodyFileException("A file for it could not be made.", e);
        }
    }

    /// <summary>Makes one, and lets it go.</summary>
    /// <returns>Why it does not work; null: it does.</returns>
    public string? Try()
    {
        try
        {
            Create().Dispose();
            return null;
        }
        catch (BodyFileException e)
        {
            return e.InnerException!.Message;
        }
    }

    /// <exception cref="BodyFileException">There is no room for it.</exception>
    public void Take(int length)
    {
        try
        {
            Require(Interlocked.Add(ref _size, length));
        }
        catch (BodyFileException)
        {
            Give(length);
            throw;
        }
    }

    public void Give(long length) => Interlocked.Add(ref _size, -length);

    private void Require(long size)
    {
        if (options.MaxDiskSize > 0 && size > options.MaxDiskSize)
        {
            throw new BodyFileException("The bodies in files have grown to MaxDiskSize.");
        }
    }

    private FileStream Open()
    {
        Directory.CreateDirectory(options.Folder);
        var path = Path.Combine(options.Folder, $"gateway-body-{Guid.NewGuid():N}");
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (OperatingSystem.IsWindows())
        {
            how.Options |= FileOptions.DeleteOnClose;
            return new FileStream(path, how);
        }

        how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, how);
        try
        {
            File.Delete(path); // without a name nobody else can open it, and nothing is left of it after a crash
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
