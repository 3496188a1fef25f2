using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Gateway.Tests.EndToEnd;

/// <summary>Uploads through the real gateway to a backend that hashes what it gets.</summary>
public sealed partial class LargeBodyTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly TaskCompletionSource _allHere = new();
    private WebApplication _backend = null!;
    private int _arrived;
    private int _expected = 1;
    private int _runs;

    private string Address => _backend.Urls.First();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        _backend = builder.Build();
        _backend.Urls.Add("http://127.0.0.1:0");
        _backend.MapPost("/{**path}", async (HttpRequest request) =>
        {
            if (Interlocked.Increment(ref _arrived) == _expected)
            {
                _allHere.TrySetResult();
            }

            await _allHere.Task; // every body is in the gateway at this moment, and none has left it
            Interlocked.Increment(ref _runs);
            return Convert.ToHexString(await SHA256.HashDataAsync(request.Body));
        });
        await _backend.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary><c>GATEWAY_TEST_UPLOADS=50x50</c> makes it fifty of 50 MB.</summary>
    [Fact]
    public async Task Its_folder_is_relative_to_the_routes_file_and_looked_at_before_anything_listens()
    {
        var folder = Directory.CreateTempSubdirectory("gateway-test-");
        try
        {
            var routes = GatewayProcess.WriteRoutes(folder, Routes.File("http://127.0.0.1:1", idempotency: """{ "Buffering": { "Path": "data/bodies" } }"""));
            await using (await GatewayProcess.StartAsync(routes))
            {
                Assert.True(Directory.Exists(Path.Combine(folder.FullName, "data", "bodies")));
            }

            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "file"), "");
            GatewayProcess.WriteRoutes(folder, Routes.File("http://127.0.0.1:1", idempotency: """{ "Buffering": { "Path": "file/bodies" } }"""));
            await using var refused = GatewayProcess.Launch(routes);
            Assert.Equal(1, await refused.ExitCodeAsync());
            Assert.Contains("Idempotency:Buffering:Path: cannot be used", refused.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Many_uploads_at_once_arrive_whole_and_take_little_memory()
    {
        var (count, megabytes) = Environment.GetEnvironmentVariable("GATEWAY_TEST_UPLOADS")?.Split('x') is [var many, var large]
            ? (int.Parse(many, CultureInfo.InvariantCulture), int.Parse(large, CultureInfo.InvariantCulture))
            : (24, 16);
        _expected = count;
        var size = megabytes * 1_000_000;
        var routes = Routes.File(Address, $$"""{ "MaxRequestBodySize": {{size}} }""", store: "Sqlite");
        await using var gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, routes));
        using (var warm = await gateway.Client.PostAsync(null))
        {
            Assert.Equal(400, (int)warm.StatusCode);
        }

        var before = PeakMemory(gateway.Id);
        var uploads = await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            using var answer = await UploadAsync(gateway.Client, $"k{i}", i, size);
            return (await answer.Content.ReadAsStringAsync(), await HashAsync(i, size));
        }));
        Assert.All(uploads, upload => Assert.Equal(upload.Item2, upload.Item1));
        var peak = PeakMemory(gateway.Id);
        output.WriteLine($"{count} x {megabytes} MB: peak {peak >> 20} MiB, {before >> 20} MiB before");
        Assert.True(peak < 300 << 20, $"The gateway took {peak >> 20} MiB for {count} x {megabytes} MB, and {before >> 20} MiB before.");

        using var retry = await UploadAsync(gateway.Client, "k0", 0, size);
        Assert.True(retry.IsReplay());
        using var other = await UploadAsync(gateway.Client, "k0", 1, size);
        await other.ShouldBeAsync(422, "key-reused");
        Assert.Equal(count, _runs);
    }

    [Fact]
    public async Task A_large_multipart_is_the_same_with_another_boundary_and_another_with_one_byte_changed()
    {
        await using var gateway = await TestGateway.StartAsync(Address, """{ "MaxRequestBodySize": 10000000 }""");
        var scan = RandomNumberGenerator.GetBytes(3_000_000);
        async Task<HttpResponseMessage> SendAsync(string boundary, byte[] bytes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/p")
            {
                Content = new MultipartFormDataContent(boundary) { { new StringContent("49.90"), "amount" }, { new ByteArrayContent(bytes), "scan", "a.pdf" } },
            };
            request.Headers.Add("Idempotency-Key", "k");
            request.Headers.TransferEncodingChunked = true;
            return await gateway.Client.SendAsync(request).WithinLimit();
        }

        using var first = await SendAsync("one", scan);
        Assert.Equal(200, (int)first.StatusCode);
        using var retry = await SendAsync("another", scan);
        Assert.True(retry.IsReplay());
        scan[2_000_000] ^= 1;
        using var changed = await SendAsync("one", scan);
        await changed.ShouldBeAsync(422, "key-reused");
    }

    [Fact]
    public async Task A_wrong_digest_is_refused_before_anything_comes_of_it_and_a_right_one_passes()
    {
        await using var gateway = await TestGateway.StartAsync(Address, """{ "MaxRequestBodySize": 10000000 }""");
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        async Task<HttpResponseMessage> SendAsync(byte[] digested)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/p") { Content = new ByteArrayContent(bytes) };
            request.Headers.Add("Idempotency-Key", "k");
            request.Headers.Add("Content-Digest", $"sha-256=:{Convert.ToBase64String(SHA256.HashData(digested))}:");
            return await gateway.Client.SendAsync(request).WithinLimit();
        }

        using var wrong = await SendAsync([1]);
        await wrong.ShouldBeAsync(400, "digest-mismatch");
        Assert.Equal(0, _runs);
        using var right = await SendAsync(bytes);
        Assert.Equal(200, (int)right.StatusCode);
    }

    [Fact]
    public async Task Without_room_on_the_disk_it_is_503_and_the_key_is_free()
    {
        await using var gateway = await TestGateway.StartAsync(Address, """{ "MaxRequestBodySize": 10000000 }""", idempotency: """{ "Buffering": { "MemoryThreshold": 4096, "MaxDiskSize": 1000000 } }""");
        using var refused = await UploadAsync(gateway.Client, "k", 0, 2_000_000);
        await refused.ShouldBeAsync(503, "buffer-unavailable");
        Assert.NotNull(refused.Headers.RetryAfter);
        using var smaller = await UploadAsync(gateway.Client, "k", 0, 900_000);
        Assert.Equal(200, (int)smaller.StatusCode);
    }

    [Fact]
    public async Task Observed_a_body_that_cannot_be_kept_is_forwarded_whole()
    {
        await using var gateway = await TestGateway.StartAsync(
            Address, """{ "Mode": "Observe", "MaxRequestBodySize": 10000000 }""", idempotency: """{ "Buffering": { "MemoryThreshold": 4096, "MaxDiskSize": 1000000 } }""");
        using var answer = await UploadAsync(gateway.Client, "k", 0, 2_000_000, isChunked: true);
        Assert.Equal("would-refuse-buffer-unavailable", answer.Status());
        Assert.Equal(await HashAsync(0, 2_000_000), await answer.Content.ReadAsStringAsync());
    }

    private static async Task<HttpResponseMessage> UploadAsync(HttpClient client, string key, int seed, int size, bool isChunked = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/uploads") { Content = new StreamContent(new Noise(seed, size)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (isChunked)
        {
            request.Headers.TransferEncodingChunked = true;
        }
        else
        {
            request.Content.Headers.ContentLength = size;
        }

        request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request).WithinLimit();
    }

    private static async Task<string> HashAsync(int seed, int size) => Convert.ToHexString(await SHA256.HashDataAsync(new Noise(seed, size)));

    /// <summary>Bytes: the most that was ever resident. Linux.</summary>
    private static long PeakMemory(int process) =>
        long.Parse(HighWater().Match(File.ReadAllText($"/proc/{process}/status")).Groups[1].Value, CultureInfo.InvariantCulture) * 1024;

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex HighWater();

    /// <summary>Bytes that nobody has to hold.</summary>
    private sealed class Noise(int seed, int size) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(count, size - _position);
            for (var i = 0; i < count; i++)
            {
                buffer[offset + i] = (byte)((_position + i) * 31 >> 3 ^ seed);
            }

            _position += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
