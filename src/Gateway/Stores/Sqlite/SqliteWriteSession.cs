using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>
/// The verbs on the writing connection, inside the transaction that <see cref="SqliteWriter"/> holds. As the transaction is
/// immediate, no other process writes between a read and a write here.
/// </summary>
internal sealed class SqliteWriteSession : SqliteSession
{
    private readonly SqliteConnection _connection;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _find;
    private readonly SqliteStatement _takeOver;
    private readonly SqliteStatement _forgetAnswer;
    private readonly SqliteStatement _renew;
    private readonly SqliteStatement _complete;
    private readonly SqliteStatement _keepAnswer;
    private readonly SqliteStatement _isCompleted;
    private readonly SqliteStatement _markUnknown;
    private readonly SqliteStatement _release;
    private readonly SqliteStatement _sweepAnswers;
    private readonly SqliteStatement _sweepRecords;
    private readonly SqliteStatement _resolve;
    private readonly SqliteStatement _delete;

    public SqliteWriteSession(SqliteConnection connection)
        : base(connection)
    {
        _connection = connection;
        _insert = Prepare(SqliteScripts.Insert, "$key", "$claim", "$fingerprint", "$lease_until", "$expires_at", "$retention", "$now", "$operation", "$client_key", "$actor");
        _find = Prepare(SqliteScripts.Find, "$key");
        _takeOver = Prepare(SqliteScripts.TakeOver, "$claim", "$fingerprint", "$lease_until", "$expires_at", "$retention", "$created_at", "$operation", "$client_key", "$actor", "$id");
        _forgetAnswer = Prepare(SqliteScripts.ForgetAnswer, "$id");
        _renew = Prepare(SqliteScripts.Renew, "$key", "$claim", "$lease_until", "$now");
        _complete = Prepare(SqliteScripts.Complete, "$key", "$claim", "$now");
        _keepAnswer = Prepare(SqliteScripts.KeepAnswer, "$id", "$bytes");
        _isCompleted = Prepare(SqliteScripts.IsCompleted, "$key", "$claim", "$now");
        _markUnknown = Prepare(SqliteScripts.MarkUnknown, "$key", "$claim", "$now");
        _release = Prepare(SqliteScripts.Release, "$key", "$claim", "$now");
        _sweepAnswers = Prepare(SqliteScripts.SweepAnswers, "$now", "$limit");
        _sweepRecords = Prepare(SqliteScripts.SweepRecords, "$now", "$limit");
        _resolve = Prepare(SqliteScripts.Resolve, "$id", "$claim", "$now");
        _delete = Prepare(SqliteScripts.Delete, "$id");
    }

    public BeginResult Begin(BeginRequest request, long now)
    {
        var leaseUntil = now + (long)request.Lease.TotalMilliseconds;
        var retention = (long)request.Retention.TotalMilliseconds;
        var claim = SqliteBlob.Of(request.Claim);
        var fingerprint = SqliteBlob.Of(request.Fingerprint);
        var label = request.Label;
        if (_insert.With(SqliteBlob.Of(request.Key), claim, fingerprint, leaseUntil, leaseUntil + retention, retention, now, label.Operation, label.Key, SqliteBlob.Of(label.Actor)).Execute() == 1)
        {
            return BeginResult.Claimed(DateTimeOffset.FromUnixTimeMilliseconds(now));
        }

        var row = SqliteRow.Find(_find, request.Key)!.Value;
        if (!row.MayBeClaimedBy(request, now))
        {
            return row.Describe(now);
        }

        // A take-over keeps the moment when the key was first seen.
        var createdAt = row.ExpiresAt > now ? row.CreatedAt : now;
        _takeOver.With(claim, fingerprint, leaseUntil, leaseUntil + retention, retention, createdAt, label.Operation, label.Key, SqliteBlob.Of(label.Actor), row.Id).Execute();
        _forgetAnswer.With(row.Id).Execute();
        return BeginResult.Claimed(DateTimeOffset.FromUnixTimeMilliseconds(createdAt));
    }

    public bool Renew(RecordKey key, ClaimToken claim, TimeSpan lease, long now) =>
        _renew.With(SqliteBlob.Of(key), SqliteBlob.Of(claim), now + (long)lease.TotalMilliseconds, now).Execute() == 1;

    public bool Complete(RecordKey key, ClaimToken claim, byte[] answer, long now)
    {
        var (keyBlob, claimBlob) = (SqliteBlob.Of(key), SqliteBlob.Of(claim));
        if (_complete.With(keyBlob, claimBlob, now).Scalar() is not long id)
        {
            return _isCompleted.With(keyBlob, claimBlob, now).Scalar() is not null;
        }

        _keepAnswer.With(id, answer).Execute();
        return true;
    }

    public bool MarkUnknown(RecordKey key, ClaimToken claim, long now) =>
        _markUnknown.With(SqliteBlob.Of(key), SqliteBlob.Of(claim), now).Execute() == 1;

    public bool Release(RecordKey key, ClaimToken claim, long now) =>
        _release.With(SqliteBlob.Of(key), SqliteBlob.Of(claim), now).Execute() == 1;

    public int Sweep(int limit, long now)
    {
        _sweepAnswers.With(now, limit).Execute();
        return _sweepRecords.With(now, limit).Execute();
    }

    /// <summary>Takes a look at every record, once.</summary>
    public bool MakeActorIndex()
    {
        using var make = new SqliteStatement(_connection, SqliteScripts.ActorIndex);
        make.Execute();
        return true;
    }

    /// <param name="heir">The claim that it then has, which nobody holds.</param>
    public bool Resolve(RecordKey key, ClaimToken held, ClaimToken heir, byte[]? answer, long now)
    {
        if (FindHeld(key, held, now) is not { } row || row.StateAt(now) != RecordState.Unknown)
        {
            return false;
        }

        if (answer is null)
        {
            return Delete(row);
        }

        _resolve.With(row.Id, SqliteBlob.Of(heir), now).Execute();
        _keepAnswer.With(row.Id, answer).Execute();
        return true;
    }

    public bool Delete(RecordKey key, ClaimToken held, long now) =>
        FindHeld(key, held, now) is { } row && row.StateAt(now) != RecordState.InFlight && Delete(row);

    /// <summary>Read before anything is written: a damaged row is an error, and decides nothing.</summary>
    private SqliteRow? FindHeld(RecordKey key, ClaimToken held, long now)
    {
        if (SqliteRow.Find(_find, key) is not { } row)
        {
            return null;
        }

        return row is { State: RecordState.Completed, Answer: null }
            ? throw new InvalidDataException($"Record {row.Id} is completed, and its answer is missing.")
            : row.Claim == held && row.ExpiresAt > now ? row : null;
    }

    private bool Delete(SqliteRow row)
    {
        _forgetAnswer.With(row.Id).Execute();
        return _delete.With(row.Id).Execute() == 1;
    }
}
