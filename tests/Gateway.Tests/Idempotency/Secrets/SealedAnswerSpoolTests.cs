using System.Text;
using Gateway.Idempotency.Secrets;
using Gateway.Stores;
using Gateway.Tests.Support;

namespace Gateway.Tests.Idempotency.Secrets;

public sealed class SealedAnswerSpoolTests : IDisposable
{
    private static readonly DateTimeOffset Later = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Answer = [1, .. "planted-answer"u8];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly FaultySpool _file = new();
    private readonly AnswerSeal _seal;

    public SealedAnswerSpoolTests() => _seal = Seals.In(Path.Combine(_folder.FullName, "keys"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_file_gets_neither_answer_nor_key_in_clear_and_both_come_back()
    {
        var number = await new SealedAnswerSpool(_file, _seal).AddAsync(Entry(1, Answer));
        var inFile = Assert.Single(await _file.ListAsync(0, 10));
        Assert.DoesNotContain("planted", inFile.Label.Key, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", Encoding.Latin1.GetString((await _file.ReadAsync(number))!), StringComparison.Ordinal);

        var restarted = new SealedAnswerSpool(_file, _seal);
        Assert.Equal("planted-key", Assert.Single(await restarted.ListAsync(0, 10)).Label.Key);
        Assert.Equal(Answer, await restarted.ReadAsync(number));
    }

    [Fact]
    public async Task An_answer_that_the_policy_has_encrypted_goes_home_encrypted()
    {
        var closed = _seal.Close(new RecordKey(1), Answer);
        var spool = new SealedAnswerSpool(_file, _seal);
        var number = await spool.AddAsync(Entry(1, closed));
        Assert.Equal(closed, await spool.ReadAsync(number));
    }

    [Fact]
    public async Task An_entry_of_a_version_that_wrote_it_in_clear_still_comes_home()
    {
        var number = await _file.AddAsync(Entry(1, Answer));
        var spool = new SealedAnswerSpool(_file, _seal);
        Assert.Equal("planted-key", Assert.Single(await spool.ListAsync(0, 10)).Label.Key);
        Assert.Equal(Answer, await spool.ReadAsync(number));
    }

    [Fact]
    public async Task Swapped_entries_do_not_open()
    {
        var spool = new SealedAnswerSpool(_file, _seal);
        var mine = await spool.AddAsync(Entry(1, Answer));
        var swapped = await _file.AddAsync(Entry(2, (await _file.ReadAsync(mine))!));
        await spool.ListAsync(0, 10);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await spool.ReadAsync(swapped));
    }

    [Fact]
    public async Task Without_its_keys_an_entry_is_listed_and_refused_and_stays()
    {
        var number = await new SealedAnswerSpool(_file, _seal).AddAsync(Entry(1, Answer));
        var stranger = new SealedAnswerSpool(_file, Seals.In(Path.Combine(_folder.FullName, "other")));
        Assert.Equal("(unreadable)", Assert.Single(await stranger.ListAsync(0, 10)).Label.Key);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await stranger.ReadAsync(number));
        Assert.Single(await _file.ListAsync(0, 10));
    }

    private static SpooledAnswer Entry(int key, byte[] answer) =>
        new(new RecordKey((UInt128)key), ClaimToken.New(), new Fingerprint(1, 2, 3), Later, answer) { Label = new RecordLabel("pay", "planted-key", 7) };
}
