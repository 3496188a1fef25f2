using System.Globalization;
using FsCheck;
using Gateway.Stores;

namespace Gateway.Tests.Stores.Model;

/// <summary>
/// A store against <see cref="StoreModel"/>: verb after verb, and verbs at once. A new store derives from here and says how it
/// is emptied and how its time passes.
/// </summary>
public abstract partial class StoreModelContract : IAsyncLifetime
{
    /// <summary>What a failure printed as its seed, "seed,gamma": the same walks again.</summary>
    private const string ReplayVariable = "GATEWAY_TEST_REPLAY";

    /// <summary>The gateways that share the records, each with a store object of its own where there can be several.</summary>
    protected abstract IReadOnlyList<(IIdempotencyStore Store, IStoreInspector Inspector)> Gateways { get; }

    /// <summary>
    /// The model's unit of time. On a server's own clock some real time passes as well: a unit is then so long that it does not
    /// matter, and what is due at this very moment is due all the more.
    /// </summary>
    protected abstract TimeSpan Unit { get; }

    /// <summary>Removes what has expired without being told.</summary>
    protected virtual bool ForgetsByItself => false;

    protected virtual int Walks => 70;

    protected virtual int Meetings => 100;

    /// <summary>How many times a meeting is held, each time on other records: cheaper than another meeting.</summary>
    protected virtual int Sets => 2;

    /// <summary>The store's time when a walk began, moved along where the records are moved instead of the clock.</summary>
    protected DateTimeOffset Epoch { get; set; }

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Removes all records, and sets <see cref="Epoch"/>.</summary>
    protected abstract Task EmptyAsync();

    /// <summary>Lets time pass on the store's clock without waiting for it.</summary>
    protected abstract Task JumpAsync(TimeSpan time);

    /// <summary>What no verb shows: parts of records that are no more. Null: there is nothing.</summary>
    protected virtual Task<string?> FindLeftoversAsync() => Task.FromResult<string?>(null);

    /// <param name="set">Which records the keys name.</param>
    private async Task<string> AskAsync(Verb verb, int gateway, int set = 0)
    {
        var (store, inspector) = Gateways[gateway % Gateways.Count];
        switch (verb)
        {
            case Verb.Begin begin:
                return Told(await store.BeginAsync(new BeginRequest
                {
                    Key = KeyOf(begin, set),
                    Claim = ClaimOf(begin),
                    Fingerprint = new Fingerprint(1, 2, (UInt128)begin.Fingerprint),
                    Lease = Unit * begin.Lease,
                    Retention = Unit * begin.Retention,
                    TakeOverUnknown = begin.TakeOver,
                    Label = new RecordLabel("confirm-payment", "order-1", 7),
                }));
            case Verb.FindCompleted find:
                return await store.FindCompletedAsync(KeyOf(find, set)) is { } found ? Told(found) : "nothing";
            case Verb.Renew renew:
                return Told(await store.RenewAsync(KeyOf(renew, set), ClaimOf(renew), Unit * renew.Lease));
            case Verb.Complete complete:
                return Told(await store.CompleteAsync(KeyOf(complete, set), ClaimOf(complete), AnswerOf(complete.Answer)));
            case Verb.MarkUnknown mark:
                return Told(await store.MarkUnknownAsync(KeyOf(mark, set), ClaimOf(mark)));
            case Verb.Release release:
                return Told(await store.ReleaseAsync(KeyOf(release, set), ClaimOf(release)));
            case Verb.Resolve resolve:
                return Told(await inspector.ResolveAsync(KeyOf(resolve, set), ClaimOf(resolve), AnswerOf(resolve.Answer)));
            case Verb.Free free:
                return Told(await inspector.ResolveAsync(KeyOf(free, set), ClaimOf(free), answer: null));
            case Verb.Delete delete:
                return Told(await inspector.DeleteAsync(KeyOf(delete, set), ClaimOf(delete)));
            case Verb.Sweep sweep:
                return $"{await SweepAsync(inspector, sweep.Limit)} removed";
            case Verb.Count:
                return $"{await inspector.CountAsync()} there";
            case Verb.Jump jump:
                await JumpAsync(Unit * jump.Units);
                return "";
            default:
                throw new ArgumentOutOfRangeException(nameof(verb));
        }
    }

    private static async Task<int> SweepAsync(IStoreInspector inspector, int limit)
    {
        var removed = 0;
        while (true)
        {
            var now = await inspector.SweepAsync(limit);
            Assert.InRange(now, 0, limit);
            removed += now;
            if (now < limit)
            {
                return removed;
            }
        }
    }

    private string Told(in BeginResult result) => StoreModel.Told(
        result.Outcome,
        (long)Math.Floor((result.CreatedAt - Epoch) / Unit),
        (int)result.Fingerprint.Body,
        (long)Math.Round(result.LeaseRemaining / Unit), // on a server's own clock some milliseconds pass between any two calls, and those at once read it in either order
        Told(result.Answer.Span));

    private static string Told(bool done) => done ? "true" : "false";

    /// <summary>An answer is its number, that many times: zero is an empty one.</summary>
    private static string Told(ReadOnlySpan<byte> answer) => answer.SequenceEqual(AnswerOf(answer.Length)) ? $"{answer.Length}" : Convert.ToHexString(answer);

    private static byte[] AnswerOf(int answer) => [.. Enumerable.Repeat((byte)answer, answer)];

    private static RecordKey KeyOf(Verb.OnRecord verb, int set) => new((UInt128)((set * 2) + verb.Key));

    private static ClaimToken ClaimOf(Verb.WithClaim verb) => new((UInt128)verb.Claim);

    private static Config Configuration(int tests)
    {
        var config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(tests);
        return Environment.GetEnvironmentVariable(ReplayVariable)?.Split(',') is [var seed, var gamma]
            ? config.WithReplay(ulong.Parse(seed, CultureInfo.InvariantCulture), ulong.Parse(gamma, CultureInfo.InvariantCulture))
            : config;
    }
}
