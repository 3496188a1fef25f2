using System.Text;
using Gateway.Idempotency.Forwarding;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Stores;
using Gateway.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Idempotency.Forwarding;

/// <summary>
/// One process's spool between a store and a file, pass by pass: its clock stands still but for the pauses between passes, so
/// nothing is given up because a real disk was slow.
/// </summary>
internal sealed class SpoolBench : IAsyncDisposable
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Retention = TimeSpan.FromHours(24);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly LoggerFactory _loggers;
    private readonly MetricCollector<long> _settled;
    private readonly MetricCollector<long> _answers;
    private readonly MetricCollector<long> _size;
    private TimeSpan _pause;
    private bool _isStarted;
    private int _calls;

    /// <param name="store">Another process's, shared.</param>
    public SpoolBench(IAnswerSpool? file = null, InMemoryStore? store = null)
    {
        Inner = store ?? new InMemoryStore(Clock);
        Store = new FaultyStore(Inner) { Before = CallAsync };
        _loggers = new LoggerFactory([Log]);
        Parts = new StoreParts(Store, Clock, new StoreLimits(Operation: TimeSpan.FromMinutes(1), Completion: TimeSpan.FromMinutes(2)));
        Claims = new RunningClaims(Parts.Access, Parts.Limits, Parts.Meters, Clock, _loggers.CreateLogger<RunningClaims>());
        Spool = new CompletionSpool(Parts.Access, Parts.Circuit, Claims, Parts.Limits, Parts.Meters, Clock, _loggers.CreateLogger<CompletionSpool>(), file);
        _settled = new MetricCollector<long>(Parts.Meters, StoreMeter.Name, StoreMeter.SpoolSettled);
        _answers = new MetricCollector<long>(Parts.Meters, StoreMeter.Name, StoreMeter.SpoolAnswers);
        _size = new MetricCollector<long>(Parts.Meters, StoreMeter.Name, StoreMeter.SpoolSize);
    }

    public WaitingClock Clock { get; } = new();

    public CapturedLog Log { get; } = new();

    public InMemoryStore Inner { get; }

    public FaultyStore Store { get; }

    public StoreParts Parts { get; }

    public RunningClaims Claims { get; }

    public CompletionSpool Spool { get; }

    public bool IsStoreDown { get; set; }

    /// <summary>Calls that the store has seen.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>What has left the spool, by what became of it: <c>stored claim_lost</c>.</summary>
    public string Settled => string.Join(' ', _settled.GetMeasurementSnapshot().Select(one => one.Tags[StoreMeter.SpoolOutcomeTag]));

    public (long Answers, long Size) Gauges
    {
        get
        {
            _answers.RecordObservableInstruments();
            _size.RecordObservableInstruments();
            return (_answers.LastMeasurement!.Value, _size.LastMeasurement!.Value);
        }
    }

    /// <summary>A claim that the store knows and this process renews.</summary>
    public async Task<RunningClaim> BeginAsync(RecordKey? key = null, bool takeOver = false, TimeSpan? retention = null, Fingerprint? fingerprint = null)
    {
        var request = Request(key ?? new RecordKey(ClaimToken.New().Value)) with { TakeOverUnknown = takeOver, Retention = retention ?? Retention, Fingerprint = fingerprint ?? new Fingerprint(1, 2, 3) };
        Assert.Equal(BeginOutcome.Claimed, (await Inner.BeginAsync(request)).Outcome);
        var claim = new RunningClaim(request, new ForwardDeadline(TimeSpan.FromHours(1), Clock), CancellationToken.None);
        Claims.Track(claim);
        return claim;
    }

    public async Task<RunningClaim> AddAsync(string answer, TimeSpan? retention = null)
    {
        var claim = await BeginAsync(retention: retention);
        await AddAsync(claim, answer);
        return claim;
    }

    public ValueTask AddAsync(RunningClaim claim, string answer) => Spool.AddAsync(claim, Encoding.ASCII.GetBytes(answer));

    /// <summary>What a retry finds in the store.</summary>
    public async Task<string> SeenAsync(RunningClaim claim)
    {
        var found = await Inner.BeginAsync(Request(claim.Key));
        return found.Outcome == BeginOutcome.Completed ? Encoding.ASCII.GetString(found.Answer.Span) : found.Outcome.ToString();
    }

    /// <summary>What the spool gives to a retry; null: nothing.</summary>
    public async Task<string?> GivenAsync(RunningClaim claim) =>
        Spool.Find(claim.Key) is { } waiting && await Spool.ReadAsync(waiting).AsTask().WithinLimit() is { } bytes ? Encoding.ASCII.GetString(bytes) : null;

    public async Task StartRenewingAsync()
    {
        await Claims.StartAsync(CancellationToken.None);
        await NextWaitAsync(); // its ticks are no pauses of the spool
    }

    /// <summary>Starts it; returns when its first pass has ended.</summary>
    public async Task StartAsync()
    {
        await Spool.StartAsync(CancellationToken.None);
        _isStarted = true;
        await PassEndsAsync();
    }

    /// <summary>Lets the pause pass; returns when the pass behind it has ended.</summary>
    public async Task PassAsync()
    {
        EndPause();
        await PassEndsAsync();
    }

    public void EndPause() => Clock.Advance(_pause);

    public async Task PassEndsAsync()
    {
        do
        {
            _pause = await NextWaitAsync();
        }
        while (_pause > LongestPause); // the time limit of a call
    }

    /// <summary>Waits until a call's time limit runs, and ends it.</summary>
    /// <param name="limit">Null: that of a call to the file.</param>
    public async Task GiveUpAsync(TimeSpan? limit = null)
    {
        while (await NextWaitAsync() != (limit ?? Parts.Limits.Operation))
        {
            // A pause.
        }

        Clock.Advance(limit ?? Parts.Limits.Operation);
    }

    public async Task OpenCircuitAsync()
    {
        IsStoreDown = true;
        while (!Parts.Circuit.IsOpen)
        {
            await Assert.ThrowsAsync<StoreCallException>(async () => await Parts.Access.BeginAsync(Request(default)));
        }
    }

    /// <summary>The store is back, and a call has found out; returns when the pass has ended that begins thereupon.</summary>
    public async Task CloseCircuitAsync()
    {
        IsStoreDown = false;
        Clock.Advance(TimeSpan.FromSeconds(1)); // the break is over
        await Parts.Access.BeginAsync(Request(new RecordKey(ClaimToken.New().Value)));
        Assert.False(Parts.Circuit.IsOpen);
    }

    public Task StopAsync() => _isStarted ? Spool.StopAsync(CancellationToken.None).WithinLimit() : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_isStarted && !Spool.ExecuteTask!.IsCompleted)
        {
            (IsStoreDown, Store.Before) = (false, _ => Task.CompletedTask);
            await StopAsync();
        }

        Spool.Dispose();
        Claims.Dispose();
        Parts.Circuit.Dispose();
        _settled.Dispose();
        _answers.Dispose();
        _size.Dispose();
        _loggers.Dispose();
    }

    private static BeginRequest Request(RecordKey key) => new()
    {
        Key = key,
        Claim = ClaimToken.New(),
        Fingerprint = new Fingerprint(1, 2, 3),
        Lease = Lease,
        Retention = Retention,
        Label = new RecordLabel("confirm-payment", "order-1", 7),
    };

    private Task<TimeSpan> NextWaitAsync() => Clock.NextWaitAsync().AsTask().WithinLimit();

    private Task CallAsync(string verb)
    {
        Interlocked.Increment(ref _calls);
        return IsStoreDown ? throw new IOException("the store is down") : Task.CompletedTask;
    }
}
