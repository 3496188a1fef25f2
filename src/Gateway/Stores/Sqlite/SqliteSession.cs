using Microsoft.Data.Sqlite;

namespace Gateway.Stores.Sqlite;

/// <summary>A connection that writes: its transaction and its prepared statements. Used by one thread at a time.</summary>
internal abstract class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _statements = [];
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;

    protected SqliteSession(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE;");
        _commit = Prepare("COMMIT;");
        _rollback = Prepare("ROLLBACK;");
    }

    public void BeginTransaction() => _begin.Execute();

    public void Commit() => _commit.Execute();

    public void Rollback()
    {
        try
        {
            _rollback.Execute();
        }
        catch (SqliteException)
        {
            // Mostly "no transaction is active": SQLite has rolled back by itself (disk full, I/O error), which is what was
            // wanted. Anything worse shows in the next begin, which then fails for its callers.
        }
    }

    public void Dispose()
    {
        _statements.ForEach(statement => statement.Dispose());
        _connection.Dispose();
    }

    protected SqliteStatement Prepare(string sql, params ReadOnlySpan<string> parameters)
    {
        var statement = new SqliteStatement(_connection, sql, parameters);
        _statements.Add(statement);
        return statement;
    }
}
