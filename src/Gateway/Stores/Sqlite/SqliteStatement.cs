using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>One prepared statement with its parameters, made once and used by one thread at a time.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand _command;
    private bool _isPrepared;

    public SqliteStatement(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // the text comes from an embedded script
        _command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in parameters)
        {
            _command.Parameters.Add(new SqliteParameter(name, value: null));
        }
    }

    /// <summary>The values in the order in which the parameters were named.</summary>
    public SqliteStatement With(params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i];
        }

        return this;
    }

    public int Execute() => Prepared().ExecuteNonQuery();

    public object? Scalar() => Prepared().ExecuteScalar();

    public SqliteDataReader Read() => Prepared().ExecuteReader();

    public void Dispose() => _command.Dispose();

    /// <summary>In so many words: what it has not been told to prepare, the driver compiles anew for every call.</summary>
    private SqliteCommand Prepared()
    {
        if (!_isPrepared)
        {
            _command.Prepare();
            _isPrepared = true;
        }

        return _command;
    }
}
