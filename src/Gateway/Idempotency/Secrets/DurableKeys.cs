using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Idempotency.Secrets;

/// <summary>The key ring's folder. A key is on the disk before anything is encrypted with it, whenever it is made: at a rotation, too.</summary>
internal sealed class DurableKeys(DirectoryInfo folder) : FileSystemXmlRepository(folder, NullLoggerFactory.Instance)
{
    public override void StoreElement(XElement element, string friendlyName)
    {
        base.StoreElement(element, friendlyName);
        Flush(Directory);
    }

    /// <summary>Takes no right to write, but on Windows: the keys may be somebody else's.</summary>
    public static void Flush(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles("*.xml"))
        {
            using var handle = File.OpenHandle(file.FullName, FileMode.Open, OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(handle);
        }
    }
}
