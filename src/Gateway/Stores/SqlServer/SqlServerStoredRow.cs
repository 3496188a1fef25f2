using Microsoft.Data.SqlClient;

namespace Gateway.Stores.SqlServer;

/// <summary>A record as <c>read.sql</c> and the scans tell it; these without the answer.</summary>
internal readonly struct SqlServerStoredRow(SqlDataReader row)
{
    private const int AnswerColumn = 12;

    private readonly long _now = row.GetInt64(0);
    private readonly RecordKey _key = RecordKey.Read(row.GetFieldValue<byte[]>(2));
    private readonly RecordState _state = (RecordState)row.GetByte(3);
    private readonly ClaimToken _claim = ClaimToken.Read(row.GetFieldValue<byte[]>(4));
    private readonly long _leaseUntil = row.GetInt64(5);
    private readonly long _expiresAt = row.GetInt64(6);
    private readonly long _retention = row.GetInt64(7);
    private readonly RecordLabel _label = new(row.GetString(9), row.GetString(10), ClaimToken.Read(row.GetFieldValue<byte[]>(11)).Value);
    private readonly byte[]? _answer = row.FieldCount <= AnswerColumn || row.IsDBNull(AnswerColumn) ? null : row.GetFieldValue<byte[]>(AnswerColumn);

    public SqlServerPlace Place { get; } = new(row.GetInt64(8), row.GetInt64(1));

    /// <summary>Of one that was read with its answer: it has one where it is completed.</summary>
    public bool IsWhole => _state != RecordState.Completed || _answer is not null;

    /// <returns>Null: it has expired, or is damaged. A walk must come past it; who reads it by its key is told.</returns>
    public StoredRecord? TryTell()
    {
        try
        {
            return _expiresAt > _now ? Tell(isWithAnswer: false) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <exception cref="InvalidDataException">Damaged.</exception>
    public StoredRecord Tell(bool isWithAnswer = true)
    {
        if (!Enum.IsDefined(_state))
        {
            throw new InvalidDataException($"Record {_key} has the unknown state {(int)_state}.");
        }

        if (isWithAnswer && !IsWhole)
        {
            throw new InvalidDataException($"Record {_key} is completed, and its answer is missing.");
        }

        return _retention < 0 || _retention > _expiresAt
            ? throw new InvalidDataException($"Record {_key} has a retention that cannot be.")
            : new StoredRecord(
                _key,
                _state == RecordState.InFlight && _leaseUntil <= _now ? RecordState.Unknown : _state,
                _claim,
                StoredTime.Read(Place.CreatedAt),
                _state == RecordState.InFlight ? StoredTime.Read(_leaseUntil) : null,
                StoredTime.Read(_expiresAt),
                TimeSpan.FromMilliseconds(_retention),
                _label)
            {
                Answer = _answer,
            };
    }
}
