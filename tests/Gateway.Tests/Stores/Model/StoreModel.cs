using System.Collections.Immutable;
using Gateway.Stores;

namespace Gateway.Tests.Stores.Model;

/// <summary>A record as the contract speaks of it.</summary>
/// <param name="Until">InFlight: when its lease runs out. Else: since when it has been so. The retention counts from there.</param>
internal sealed record ModelRecord(RecordState State, int Claim, int Fingerprint, long Created, long Until, int Retention, int Answer = 0);

/// <summary>All records, expired ones that nobody has removed yet included, and the time.</summary>
internal sealed record ModelState(ImmutableSortedDictionary<int, ModelRecord> Records, long Now)
{
    public static ModelState Empty { get; } = new(ImmutableSortedDictionary<int, ModelRecord>.Empty, 0);
}

/// <summary>What <see cref="IIdempotencyStore"/> promises, as a function: what there is and a verb give what there is then, and the answer.</summary>
internal static class StoreModel
{
    /// <summary>A claim that nobody was given.</summary>
    private const int Nobody = -1;

    public static (ModelRecord? After, string Answer) Step(ModelRecord? before, Verb verb, long now)
    {
        var record = IsExpired(before, now) ? null : before;
        var own = record is not null && verb is Verb.WithClaim with && with.Claim == record.Claim;
        var runs = record?.State == RecordState.InFlight && record.Until > now;
        return verb switch
        {
            Verb.Begin begin when record is null => Claim(begin, now, now),
            Verb.Begin begin when own && record.State == RecordState.InFlight => Claim(begin, record.Created, now),
            Verb.Begin { TakeOver: true } begin when !runs && record.State != RecordState.Completed && begin.Fingerprint == record.Fingerprint => Claim(begin, record.Created, now),
            Verb.Begin => (before, Told(record, now)),
            Verb.FindCompleted => (before, record?.State == RecordState.Completed ? Told(record, now) : "nothing"),
            Verb.Renew renew when own && runs => (record! with { Until = now + renew.Lease }, "true"),
            Verb.Complete complete when own => (record!.State == RecordState.Completed ? record : record with { State = RecordState.Completed, Until = now, Answer = complete.Answer }, "true"),
            Verb.MarkUnknown when own && record!.State != RecordState.Completed => (record.State == RecordState.Unknown ? record : record with { State = RecordState.Unknown, Until = now }, "true"),
            Verb.Release when own && record!.State == RecordState.InFlight => (null, "true"),
            Verb.Resolve resolve when own && !runs && record!.State != RecordState.Completed => (record with { State = RecordState.Completed, Claim = Nobody, Until = now, Answer = resolve.Answer }, "true"),
            Verb.Free when own && !runs && record!.State != RecordState.Completed => (null, "true"),
            Verb.Delete when own && !runs => (null, "true"),
            _ => (before, "false"),
        };
    }

    /// <param name="forgetsByItself">The store removes what has expired without being told.</param>
    public static (ModelState After, string Answer) Step(ModelState before, Verb verb, bool forgetsByItself)
    {
        switch (verb)
        {
            case Verb.OnRecord(var key):
                var (record, answer) = Step(before.Records.GetValueOrDefault(key), verb, before.Now);
                return (before with { Records = record is null ? before.Records.Remove(key) : before.Records.SetItem(key, record) }, answer);
            case Verb.Jump jump:
                var later = before with { Now = before.Now + jump.Units };
                return (forgetsByItself ? Swept(later) : later, "");
            case Verb.Sweep:
                return (Swept(before), $"{before.Records.Count - Swept(before).Records.Count} removed");
            case Verb.Count:
                return (before, $"{before.Records.Count} there");
            default:
                throw new ArgumentOutOfRangeException(nameof(verb));
        }
    }

    public static bool IsExpired(ModelRecord? record, long now) => record is not null && record.Until + record.Retention <= now;

    /// <summary>The answer of a begin in words, whoever gives it.</summary>
    public static string Told(BeginOutcome outcome, long created, int fingerprint, long left, string answer) => outcome switch
    {
        BeginOutcome.Claimed => $"Claimed, created at {created}",
        BeginOutcome.InFlight => $"InFlight, created at {created}, fingerprint {fingerprint}, {left} left",
        BeginOutcome.Unknown => $"Unknown, created at {created}, fingerprint {fingerprint}",
        BeginOutcome.Completed => $"Completed, created at {created}, fingerprint {fingerprint}, answer {answer}",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static (ModelRecord, string) Claim(Verb.Begin begin, long created, long now) =>
        (new(RecordState.InFlight, begin.Claim, begin.Fingerprint, created, now + begin.Lease, begin.Retention), Told(BeginOutcome.Claimed, created, 0, 0, ""));

    private static string Told(ModelRecord record, long now) => record.State switch
    {
        RecordState.Completed => Told(BeginOutcome.Completed, record.Created, record.Fingerprint, 0, $"{record.Answer}"),
        RecordState.InFlight when record.Until > now => Told(BeginOutcome.InFlight, record.Created, record.Fingerprint, record.Until - now, ""),
        _ => Told(BeginOutcome.Unknown, record.Created, record.Fingerprint, 0, ""),
    };

    private static ModelState Swept(ModelState state) => state with { Records = state.Records.RemoveRange(state.Records.Where(r => IsExpired(r.Value, state.Now)).Select(r => r.Key)) };
}
