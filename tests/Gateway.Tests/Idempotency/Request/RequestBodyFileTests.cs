using System.Buffers.Binary;
using System.Security.Cryptography;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>Bodies that are too large for memory.</summary>
public sealed class RequestBodyFileTests : IDisposable
{
    private const int Threshold = 4096;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly BodyFiles _files;

    public RequestBodyFileTests() => _files = Files();

    public static TheoryData<int, bool> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, bool>();
            foreach (var size in (int[])[Threshold + 1, (64 * 1024) - 16, (64 * 1024) - 15, 64 * 1024, 200_000, 3_000_000])
            {
                sizes.Add(size, true);
                sizes.Add(size, false);
            }

            return sizes;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task A_body_in_a_file_is_the_same_body_with_the_same_digest(int size, bool isAnnounced)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        var body = (await ReadAsync(bytes, isAnnounced))!;
        Assert.Equal((false, size, (long)size), (body.IsInMemory, body.Length, _files.Size));
        using (var view = body.View())
        {
            Assert.True(view.Bytes.SequenceEqual(bytes));
        }

        var copy = new MemoryStream();
        var progress = 0;
        await body.CopyToAsync(copy, () => progress++, CancellationToken.None);
        Assert.Equal(bytes, copy.ToArray());
        Assert.NotEqual(0, progress);

        byte[] list = [1, 5, 0, 0, 0, 0, .. bytes];
        BinaryPrimitives.WriteInt32BigEndian(list.AsSpan(2), size);
        Assert.Equal(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(list)), body.RawDigest());

        body.Release();
        Assert.Equal(0, _files.Size);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Up_to_the_threshold_it_stays_in_memory(bool isAnnounced)
    {
        var body = (await ReadAsync(new byte[Threshold], isAnnounced))!;
        Assert.True(body.IsInMemory);
        Assert.Equal(0, _files.Size);
    }

    [Fact]
    public async Task The_file_has_no_name_that_anybody_could_open_or_a_crash_could_leave()
    {
        var body = (await ReadAsync(new byte[10_000], isAnnounced: true))!;
        Assert.Equal(OperatingSystem.IsWindows() ? 1 : 0, _folder.GetFiles().Length);
        body.Release();
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public async Task While_somebody_holds_it_the_file_stays()
    {
        var bytes = RandomNumberGenerator.GetBytes(10_000);
        var body = (await ReadAsync(bytes, isAnnounced: true))!;
        Assert.True(body.TryHold());
        body.Release();
        using (var view = body.View())
        {
            Assert.True(view.Bytes.SequenceEqual(bytes));
        }

        body.Release();
        Assert.False(body.TryHold());
        Assert.Equal(0, _files.Size);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_disk_may_not_take_is_refused_and_leaves_nothing(bool isAnnounced)
    {
        var few = Files(maxDiskSize: 20_000);
        var first = (await ReadAsync(new byte[15_000], isAnnounced, files: few))!;
        await Assert.ThrowsAsync<BodyFileException>(async () => await ReadAsync(new byte[15_000], isAnnounced, files: few));
        Assert.Equal(15_000, few.Size);
        first.Release();
        Assert.NotNull(await ReadAsync(new byte[15_000], isAnnounced, files: few));
    }

    [Fact]
    public async Task A_folder_that_is_none_is_told_of() =>
        await Assert.ThrowsAsync<BodyFileException>(async () => await ReadAsync(new byte[10_000], isAnnounced: true, files: new BodyFiles(new BufferingOptions(Threshold, "/dev/null", 0))));

    [Theory]
    [InlineData(false, 50_000)]
    [InlineData(true, 50_000)]
    [InlineData(true, 4_000)]
    public async Task One_that_is_larger_than_the_limit_is_given_back_whole_where_it_is_to_be_forwarded(bool putBack, int limit)
    {
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        var request = Request(bytes, isAnnounced: false);
        Assert.Null(await RequestBody.ReadAsync(request, limit, _files, putBack, CancellationToken.None));
        if (putBack)
        {
            var whole = new MemoryStream();
            await request.Body.CopyToAsync(whole);
            Assert.Equal(bytes, whole.ToArray());
            await request.Body.DisposeAsync();
        }

        Assert.Equal(0, _files.Size);
    }

    [Fact]
    public async Task One_that_finds_no_room_is_given_back_whole_where_it_is_to_be_forwarded()
    {
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        var request = Request(bytes, isAnnounced: false);
        var few = Files(maxDiskSize: 20_000);
        await Assert.ThrowsAsync<BodyFileException>(async () => await RequestBody.ReadAsync(request, 1 << 20, few, putBack: true, CancellationToken.None));
        var whole = new MemoryStream();
        await request.Body.CopyToAsync(whole);
        Assert.Equal(bytes, whole.ToArray());
        await request.Body.DisposeAsync();
        Assert.Equal(0, few.Size);
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_nothing()
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new BreakingStream(new byte[30_000]);
        await Assert.ThrowsAsync<IOException>(async () => await RequestBody.ReadAsync(request, 1 << 20, _files, putBack: false, CancellationToken.None));
        Assert.Equal(0, _files.Size);
    }

    private static HttpRequest Request(byte[] bytes, bool isAnnounced)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(bytes);
        request.ContentLength = isAnnounced ? bytes.Length : null;
        return request;
    }

    private BodyFiles Files(long maxDiskSize = 0) => new(new BufferingOptions(Threshold, _folder.FullName, maxDiskSize));

    private ValueTask<RequestBody?> ReadAsync(byte[] bytes, bool isAnnounced, BodyFiles? files = null) =>
        RequestBody.ReadAsync(Request(bytes, isAnnounced), 1 << 26, files ?? _files, putBack: false, CancellationToken.None);

    private sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("reset");
    }
}
