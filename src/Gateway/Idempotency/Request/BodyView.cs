using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Gateway.Idempotency.Request;

/// <summary>A whole body's bytes, wherever it waits: a file is mapped, so that the system pages it in and out. To be disposed of before the body is released.</summary>
internal readonly unsafe ref struct BodyView
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;

    public BodyView(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <exception cref="BodyFileException">It cannot be mapped.</exception>
    public BodyView(SafeFileHandle file, int length)
    {
        try
        {
            _file = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _file?.Dispose();
            throw new BodyFileException("Its file could not be read.", e);
        }

        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        Bytes = new ReadOnlySpan<byte>(pointer + _view.PointerOffset, length);
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public void Dispose()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }
    }
}
