using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gateway.Tests.EndToEnd;

/// <summary>TLS by Kestrel's ordinary settings, and callers told apart by their certificates.</summary>
public sealed class CertificateTests
{
    [Fact]
    public async Task Callers_with_different_certificates_never_see_each_others_answers()
    {
        using var server = Certificate("localhost");
        using var alice = Certificate("alice");
        using var bob = Certificate("bob");
        var calls = 0;
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync($"run {Interlocked.Increment(ref calls)}"));
        await using var gateway = await TestGateway.StartAsync(
            Routes.File(backend.Address, """{ "Actor": [ "Certificate" ] }"""),
            HttpProtocols.Http1AndHttp2,
            builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(https =>
            {
                https.ServerCertificate = server;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            }))));

        Assert.Equal("run 1", await RunAsync(alice, HttpVersion.Version20));
        Assert.Equal("run 2", await RunAsync(bob, HttpVersion.Version11));
        Assert.Equal("run 1", await RunAsync(alice, HttpVersion.Version11));
        Assert.Contains("actor-missing", await RunAsync(null, HttpVersion.Version20), StringComparison.Ordinal);

        async Task<string> RunAsync(X509Certificate2? certificate, Version version)
        {
            using var handler = new SocketsHttpHandler();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == server.GetCertHashString();
            if (certificate is not null)
            {
                handler.SslOptions.ClientCertificates = [certificate];
            }

            using var client = new HttpClient(handler) { BaseAddress = new UriBuilder(gateway.Address) { Scheme = "https" }.Uri, DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await client.PostAsync("k");
            return await answer.Content.ReadAsStringAsync();
        }
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
