using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gateway.Benchmarks.Whole;

/// <summary>
/// What the machine takes for a page that a process uses for the first time. Records that are kept are fresh memory, and a virtual machine
/// whose host takes free memory back pays many times for it what another one does.
/// </summary>
internal static class FreshMemory
{
    private const int Size = 256 << 20;

    public static double MicrosecondsPerPage()
    {
        var memory = Marshal.AllocHGlobal(Size); // of this size, the system's own pages and none that were used before
        try
        {
            var started = Stopwatch.GetTimestamp();
            for (var at = 0; at < Size; at += Environment.SystemPageSize)
            {
                Marshal.WriteByte(memory, at, 1);
            }

            return Stopwatch.GetElapsedTime(started).TotalMicroseconds / (Size / Environment.SystemPageSize);
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }
}
