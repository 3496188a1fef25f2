using System.Text;
using System.Xml.Linq;
using Gateway.Idempotency.Secrets;
using Gateway.Stores;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Idempotency.Secrets;

public sealed class AnswerSealTests : IDisposable
{
    private static readonly RecordKey Mine = new(1);
    private static readonly RecordKey Others = new(2);
    private static readonly byte[] Record = [1, .. "a record of version 1"u8];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");

    private string Keys => Path.Combine(_folder.FullName, "keys");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_is_closed_holds_nothing_in_clear_and_opens_under_its_own_key()
    {
        var seal = Seals.In(Keys);
        var closed = seal.Close(Mine, Record);

        Assert.Equal(AnswerSeal.Sealed, closed[0]);
        Assert.DoesNotContain("record of version", Encoding.Latin1.GetString(closed), StringComparison.Ordinal);
        Assert.Equal(Record, seal.Open(Mine, closed).ToArray());
        Assert.NotEqual(closed, seal.Close(Mine, Record));
    }

    [Fact]
    public void Moved_under_another_key_it_does_not_open() =>
        Assert.Throws<InvalidDataException>(() => Seals.In(Keys) is var seal ? seal.Open(Others, seal.Close(Mine, Record)) : default);

    [Fact]
    public void What_was_made_for_the_spool_is_no_stored_answer()
    {
        var seal = Seals.In(Keys);
        var spooled = seal.Close(Mine, Record, AnswerSeal.Spooled);
        spooled[0] = AnswerSeal.Sealed;
        Assert.Throws<InvalidDataException>(() => seal.Open(Mine, spooled));
    }

    [Fact]
    public void One_changed_bit_anywhere_behind_the_first_byte_is_found()
    {
        var seal = Seals.In(Keys);
        var closed = seal.Close(Mine, Record);
        for (var i = 1; i < closed.Length; i++)
        {
            var changed = closed.ToArray();
            changed[i] ^= 1;
            Assert.Throws<InvalidDataException>(() => seal.Open(Mine, changed));
        }
    }

    [Fact]
    public void A_record_in_clear_passes_as_it_is() => Assert.Equal(Record, Seals.In(Keys).Open(Mine, Record).ToArray());

    [Fact]
    public void A_gateway_that_has_lost_the_keys_says_where_they_should_be()
    {
        var closed = Seals.In(Keys).Close(Mine, Record);
        var other = Seals.In(Path.Combine(_folder.FullName, "other"));
        other.Close(Mine, Record);

        var error = Assert.Throws<InvalidDataException>(() => other.Open(Mine, closed));
        Assert.Contains("Idempotency:DataProtection:KeyFolder", error.Message, StringComparison.Ordinal);
        Assert.Contains("was not found in the key ring", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_the_ring_does_not_know_is_looked_for_again_though_not_for_each_of_many()
    {
        var clock = new FakeTimeProvider();
        var opened = 0;
        var knows = false;
        var real = DataProtectionProvider.Create(new DirectoryInfo(Keys)).CreateProtector("test");
        var seal = new AnswerSeal(new KeyRing(Seals.Options(Keys), () =>
        {
            opened++;
            return knows ? real : DataProtectionProvider.Create(new DirectoryInfo(Keys)).CreateProtector("another");
        }, clock));
        knows = true;
        var closed = new AnswerSeal(new KeyRing(Seals.Options(Keys), () => real, clock)).Close(Mine, Record);
        knows = false;
        Assert.Throws<InvalidDataException>(() => seal.Open(Mine, closed));
        Assert.Throws<InvalidDataException>(() => seal.Open(Mine, closed));
        Assert.Equal(1, opened); // it was opened a moment ago

        knows = true; // another gateway has made it meanwhile
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(Record, seal.Open(Mine, closed).ToArray());
        Assert.Equal(2, opened);
    }

    [Fact]
    public void After_a_rotation_a_new_key_encrypts_and_the_old_one_still_reads()
    {
        var before = Seals.In(Keys).Close(Mine, Record);
        foreach (var file in Directory.GetFiles(Keys, "key-*.xml"))
        {
            var key = XDocument.Load(file);
            key.Root!.Element("expirationDate")!.Value = "2026-01-02T00:00:00Z";
            key.Root.Element("activationDate")!.Value = "2026-01-01T00:00:00Z";
            key.Root.Element("creationDate")!.Value = "2026-01-01T00:00:00Z";
            key.Save(file);
        }

        var seal = Seals.In(Keys);
        var after = seal.Close(Mine, Record);

        Assert.Equal(2, Directory.GetFiles(Keys, "key-*.xml").Length);
        Assert.NotEqual(KeyId(before), KeyId(after));
        Assert.Equal(Record, seal.Open(Mine, before).ToArray());
        Assert.Equal(Record, seal.Open(Mine, after).ToArray());
    }

    [Fact]
    public void The_keys_are_their_owners_alone_and_the_algorithm_is_AES_GCM()
    {
        new KeyRing(Seals.Options(Keys), TimeProvider.System).Prepare();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Keys));
        }

        Assert.Contains("AES_256_GCM", File.ReadAllText(Assert.Single(Directory.GetFiles(Keys, "key-*.xml"))), StringComparison.Ordinal);
    }

    /// <summary>The 16 bytes behind Data Protection's four magic ones.</summary>
    private static Guid KeyId(byte[] closed) => new(closed.AsSpan(5, 16));
}
