using System.Globalization;
using Gateway.Idempotency.Forwarding;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Gateway.Idempotency.Secrets;
using Gateway.Stores;

namespace Gateway.Management.Records;

/// <summary>Puts together what is known of one record: the store's part, this gateway's part, and what operators did.</summary>
internal sealed class RecordDetails(RunningClaims running, CompletionSpool spool, PolicyCatalog policies, IRouteTable routes, AuditLog audit, AnswerSeal seal, TimeProvider time)
{
    public const string NotAskedFor = "not asked for";

    public RecordDetailsView Of(StoredRecord record, bool withBody)
    {
        var problem = (string?)null;
        AnswerView? answer = null;
        if (record.State == RecordState.Completed)
        {
            try
            {
                answer = Read(AnswerRecord.Read(seal.Open(record.Key, record.Answer)), withBody, MayShowBody(record.Label.Operation));
            }
            catch (InvalidDataException e)
            {
                problem = e.Message;
            }
        }

        var run = Running(record.Key);
        var entries = audit.Of(RecordId.Of(record.Key));
        return new RecordDetailsView(
            RecordView.Of(record),
            answer,
            problem,
            run is null ? null : new RunningView(Math.Round(run.Deadline.Elapsed.TotalSeconds, 1), run.HasLostClient),
            Waits(record.Key),
            Timeline(record, answer, entries),
            entries);
    }

    /// <summary>The request runs here now, whatever the store says of its lease.</summary>
    public RunningClaim? Running(RecordKey key) => running.Running().FirstOrDefault(claim => claim.Key == key);

    /// <summary>An answer that was given waits here: it comes home by itself.</summary>
    public bool Waits(RecordKey key) => spool.Find(key) is not null;

    /// <summary>Every policy that the operation is under has to allow it; of an operation that no route has any more nobody knows.</summary>
    private bool MayShowBody(string operation)
    {
        var concerned = routes.With(policies.Current).Where(route => route.Operation == operation).ToList();
        return concerned.Count > 0 && concerned.TrueForAll(route => route.Policy.ShowBody);
    }

    /// <summary>The form in which an operator's answer is stored: encrypted where one policy that the operation is under encrypts.</summary>
    public ReadOnlyMemory<byte> AsStored(StoredRecord record, ReadOnlyMemory<byte> answer) =>
        routes.With(policies.Current).Any(route => route.Operation == record.Label.Operation && route.Policy.EncryptAnswers) ? seal.Close(record.Key, answer.Span) : answer;

    private static AnswerView Read(AnswerRecord answer, bool withBody, bool mayShowBody)
    {
        var head = answer.ReadHead();
        var reasonPhrase = head.ReadReasonPhrase();
        var headers = new List<HeaderView>();
        for (var left = head.ReadCount(); left > 0; left--)
        {
            var (name, value) = head.ReadLine();
            headers.Add(new HeaderView(name, value));
        }

        var trailers = new List<HeaderView>();
        for (var left = head.ReadCount(); left > 0; left--)
        {
            var (name, value) = head.ReadLine();
            trailers.Add(new HeaderView(name, value));
        }

        var withheld = !withBody ? NotAskedFor
            : answer.Kind == AnswerKind.Tombstone ? "the answer was not kept"
            : !mayShowBody ? "the policy does not allow it (ShowBody)"
            : null;
        return new AnswerView(
            answer.Status, reasonPhrase, answer.CompletedAt, answer.Kind == AnswerKind.Whole, headers, trailers, answer.Body.Length,
            withheld is null ? Convert.ToBase64String(answer.Body.Span) : null, withheld);
    }

    private List<MomentView> Timeline(StoredRecord record, AnswerView? answer, IReadOnlyList<AuditEntry> entries)
    {
        var now = time.GetUtcNow();
        var moments = new List<MomentView> { Moment(record.CreatedAt, "the key was first seen and the request forwarded") };
        switch (record.State)
        {
            case RecordState.InFlight when record.LeaseUntil is { } lease:
                moments.Add(Moment(lease, "its lease ends, unless the gateway that runs it renews it"));
                break;
            case RecordState.Unknown when record.SettledAt is { } settled:
                moments.Add(Moment(settled, record.LeaseUntil == settled
                    ? "its lease ran out: the gateway that ran it stopped renewing it, and nobody knows whether it took effect"
                    : "no whole answer came: nobody knows whether it took effect"));
                break;
            case RecordState.Completed when record.SettledAt is { } settled:
                moments.Add(Moment(settled, string.Create(CultureInfo.InvariantCulture, $"completed{(answer is null ? "" : $" with {answer.Status}")}; every retry gets that answer")));
                break;
        }

        // What was asked for is told by what became of it, where that is known.
        moments.AddRange(entries.Where((entry, i) => entry.Result != "requested" || i == entries.Count - 1).Select(entry => Moment(entry.At, $"{entry.By} asked to {entry.Action} it ({entry.Result}): {entry.Reason}")));
        moments.Add(Moment(record.ExpiresAt, "the record is forgotten, and its key is free"));
        return [.. moments.OrderBy(moment => moment.At)];

        MomentView Moment(DateTimeOffset at, string what) => new(at, what, at > now);
    }
}
