using Microsoft.Extensions.Hosting;

namespace Gateway.Tests.Support;

/// <summary>Of a host that neither starts nor stops.</summary>
internal sealed class NoLifetime : IHostApplicationLifetime
{
    public CancellationToken ApplicationStarted => default;

    public CancellationToken ApplicationStopping => default;

    public CancellationToken ApplicationStopped => default;

    public void StopApplication()
    {
    }
}
