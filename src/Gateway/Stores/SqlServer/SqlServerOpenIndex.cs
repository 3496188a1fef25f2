namespace Gateway.Stores.SqlServer;

/// <summary>
/// The index of the open records, which all works without. It is made beside the requests, and only where it makes none of them
/// wait: nothing that an operator may want to see is worth that.
/// </summary>
internal sealed class SqlServerOpenIndex
{
    /// <summary>One pass over the table, beside all else that the server does.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    private readonly SqlServerDatabase _database;
    private readonly SqlServerScripts _scripts;
    private readonly SqlServerStoreOptions _options;
    private readonly ILogger _logger;
    private readonly Lazy<Task> _ensured;
    private volatile bool _isThere;

    public SqlServerOpenIndex(SqlServerDatabase database, SqlServerScripts scripts, SqlServerStoreOptions options, ILogger<SqlServerOpenIndex> logger)
    {
        (_database, _scripts, _options, _logger) = (database, scripts, options, logger);
        _ensured = new Lazy<Task>(EnsureAsync);
    }

    public bool IsThere => _isThere;

    /// <summary>Once, in the background; it does not fail. Ends when it is known whether the index is there.</summary>
    public Task Ensure() => _ensured.Value;

    private async Task EnsureAsync()
    {
        Exception? error = null;
        try
        {
            if (await LookAsync() is (false, true) && _options.CreateSchema)
            {
                await _database.ExecuteAsync(_scripts.OpenIndex, Limit);
            }
        }
        catch (Exception e)
        {
            error = e; // also: of two gateways that start together, one made it and the other one stumbled over it
        }

        try
        {
            _isThere = (await LookAsync()).IsThere;
        }
        catch (Exception e)
        {
            error = e;
        }

        if (!_isThere)
        {
            StoreLog.OpenIndexMissing(_logger, _options.Schema, error);
        }
    }

    /// <returns>Whether it is there, and whether it can be made with nobody waiting for it.</returns>
    private ValueTask<(bool IsThere, bool NobodyWaits)> LookAsync() =>
        _database.RunAsync(_scripts.HasOpenIndex, static _ => { }, static row => (row.GetInt32(0) == 1, row.GetInt32(1) == 1));
}
