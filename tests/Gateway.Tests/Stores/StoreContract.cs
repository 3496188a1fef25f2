using System.Text;
using Gateway.Stores;

namespace Gateway.Tests.Stores;

/// <summary>
/// What every store has to do, whatever it is made of. A store that passes keeps the promise of
/// <see cref="IIdempotencyStore"/>; a new store derives from here and adds only what is its own.
/// </summary>
/// <remarks>
/// Time passes through <see cref="ElapseAsync"/>: a store with a clock of its own really waits, so the times that a test
/// sits out (<see cref="ShortLease"/>, <see cref="ShortRetention"/>) are apart from those that must not run out meanwhile.
/// </remarks>
public abstract partial class StoreContract : IAsyncLifetime
{
    /// <summary>Where a record can be before a verb meets it.</summary>
    public enum Was
    {
        None,
        InFlight,
        Lapsed,
        Unknown,
        Completed,
        ExpiredLapsed,
        ExpiredUnknown,
        ExpiredCompleted,
    }

    /// <summary>Whose claim a verb is called with.</summary>
    public enum Holder
    {
        /// <summary>The claim that the record was last claimed with.</summary>
        Own,

        /// <summary>A claim that once held the record, and lost it to a take-over or by a release.</summary>
        Lost,

        /// <summary>A claim that never held anything.</summary>
        Stranger,
    }

    // Every byte its own value: bytes in a wrong order or cut off show.
    protected static readonly Fingerprint Fingerprint = Fingerprint.Read([.. Enumerable.Range(1, Fingerprint.Size).Select(i => (byte)i)]);
    protected static readonly Fingerprint OtherFingerprint = Fingerprint with { Body = Fingerprint.Body ^ 1 };

    /// <summary>The store under test, empty.</summary>
    protected IIdempotencyStore Store { get; private set; } = null!;

    protected IStoreInspector Inspector { get; private set; } = null!;

    /// <summary>A lease that does not run out while a test runs, unless the test lets that time pass.</summary>
    protected virtual TimeSpan Lease => TimeSpan.FromSeconds(30);

    /// <summary>A lease that a test sits out.</summary>
    protected virtual TimeSpan ShortLease => TimeSpan.FromSeconds(2);

    protected virtual TimeSpan Retention => TimeSpan.FromHours(24);

    protected virtual TimeSpan ShortRetention => TimeSpan.FromSeconds(3);

    /// <summary>Opens an empty store: both roles of one object, or of two that share their records.</summary>
    protected abstract Task<(IIdempotencyStore Store, IStoreInspector Inspector)> OpenAsync();

    protected abstract Task CloseAsync();

    /// <summary>Lets at least <paramref name="time"/> pass on the store's clock.</summary>
    protected abstract Task ElapseAsync(TimeSpan time);

    public async Task InitializeAsync() => (Store, Inspector) = await OpenAsync();

    public Task DisposeAsync() => CloseAsync();

    protected static RecordKey NewKey() => new(ClaimToken.New().Value);

    protected BeginRequest Request(RecordKey key, ClaimToken claim) => new()
    {
        Key = key,
        Claim = claim,
        Fingerprint = Fingerprint,
        Lease = Lease,
        Retention = Retention,
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };

    /// <summary>Claims the record, which has to be free.</summary>
    protected async Task<ClaimToken> ClaimAsync(RecordKey key, TimeSpan? lease = null, TimeSpan? retention = null)
    {
        var claim = ClaimToken.New();
        var begun = await Store.BeginAsync(Request(key, claim) with { Lease = lease ?? Lease, Retention = retention ?? Retention });
        Assert.Equal(BeginOutcome.Claimed, begun.Outcome);
        return claim;
    }

    /// <summary>What somebody else finds: a begin with a claim and a fingerprint of their own. Claims the record if it is free.</summary>
    protected ValueTask<BeginResult> LookAsync(RecordKey key) =>
        Store.BeginAsync(Request(key, ClaimToken.New()) with { Fingerprint = OtherFingerprint });

    /// <summary>The answer that somebody else gets, as text.</summary>
    protected async Task<string> ReplayAsync(RecordKey key)
    {
        var found = await LookAsync(key);
        Assert.Equal(BeginOutcome.Completed, found.Outcome);
        return Encoding.Latin1.GetString(found.Answer.Span);
    }

    protected async Task<BeginOutcome> OutcomeAsync(RecordKey key) => (await LookAsync(key)).Outcome;

    /// <summary>Brings a record into a state, and gives the claim that a test then calls with.</summary>
    protected async Task<ClaimToken> ArrangeAsync(RecordKey key, Was state, Holder holder = Holder.Own)
    {
        var lost = holder == Holder.Lost ? await LoseAsync(key, state) : ClaimToken.New();
        var own = await ArrangeAsync(key, state, takeOver: holder == Holder.Lost && state != Was.None);
        return holder == Holder.Own ? own : lost;
    }

    /// <summary>A claim that held the record and left it to be taken over, or released it.</summary>
    private async Task<ClaimToken> LoseAsync(RecordKey key, Was state)
    {
        var claim = await ClaimAsync(key);
        Assert.True(state == Was.None ? await Store.ReleaseAsync(key, claim) : await Store.MarkUnknownAsync(key, claim));
        return claim;
    }

    private async Task<ClaimToken> ArrangeAsync(RecordKey key, Was state, bool takeOver)
    {
        var own = ClaimToken.New();
        if (state == Was.None)
        {
            return own;
        }

        var begun = await Store.BeginAsync(Request(key, own) with
        {
            TakeOverUnknown = takeOver,
            Lease = state is Was.Lapsed or Was.ExpiredLapsed ? ShortLease : Lease,
            Retention = state >= Was.ExpiredLapsed ? ShortRetention : Retention,
        });
        Assert.Equal(BeginOutcome.Claimed, begun.Outcome);

        if (state is Was.Unknown or Was.ExpiredUnknown)
        {
            Assert.True(await Store.MarkUnknownAsync(key, own));
        }
        else if (state is Was.Completed or Was.ExpiredCompleted)
        {
            Assert.True(await Store.CompleteAsync(key, own, "first"u8.ToArray()));
        }

        switch (state)
        {
            case Was.Lapsed:
                await ElapseAsync(ShortLease);
                break;
            case Was.ExpiredLapsed:
                await ElapseAsync(ShortLease + ShortRetention);
                break;
            case Was.ExpiredUnknown or Was.ExpiredCompleted:
                await ElapseAsync(ShortRetention);
                break;
        }

        return own;
    }
}
