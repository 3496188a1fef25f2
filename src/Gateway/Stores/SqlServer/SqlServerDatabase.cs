using System.Data;
using Microsoft.Data.SqlClient;

namespace Gateway.Stores.SqlServer;

/// <summary>Runs a batch on a pooled connection. A batch that failed in passing is repeated here: each answers the same to its own claim.</summary>
internal sealed class SqlServerDatabase
{
    private const string Place = "Idempotency:Stores:SqlServer:ConnectionString";

    private const int DefaultConnectTimeout = 15; // SqlClient's

    /// <summary>
    /// What the server says of a batch that it has not carried out, and that may pass: a deadlock's victim, a fail-over, a throttled Azure SQL database
    /// (<see href="https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues"/>). A connection that breaks is not
    /// among them: nobody knows about its batch, and it is for the caller to repeat it by its claim.
    /// </summary>
    private static readonly int[] Passing = [1205, 921, 997, 4060, 4221, 10928, 10929, 40143, 40197, 40501, 40540, 40613, 49918, 49919, 49920];

    /// <summary>Filegroup full, log full, database read-only (a secondary after a fail-over).</summary>
    private static readonly int[] RefusesWrites = [1105, 1101, 9002, 3906, 3908];

    private readonly string _connectionString;
    private readonly int _timeout;

    private readonly SqlRetryLogicBaseProvider _retries = SqlConfigurableRetryFactory.CreateFixedRetryProvider(new SqlRetryLogicOption
    {
        NumberOfTries = 3, // the first one included
        DeltaTime = TimeSpan.FromMilliseconds(50),
        TransientErrors = Passing,
    });

    /// <exception cref="StoreConfigurationException">The connection string cannot be read.</exception>
    public SqlServerDatabase(SqlServerStoreOptions options)
    {
        _timeout = (int)Math.Ceiling(options.OperationTimeout.TotalSeconds);
        var connection = Parse(options);
        if (connection.ConnectTimeout == 0)
        {
            connection.ConnectTimeout = DefaultConnectTimeout; // without an end, log-ins to a server that hangs would fill the pool
        }

        if (!connection.ShouldSerialize("Application Name"))
        {
            connection.ApplicationName = "idempotency-gateway";
        }

        if (!connection.ShouldSerialize("Pool Blocking Period"))
        {
            // The pool would go on failing for up to a minute after the server is back; the gateway's own circuit does not.
            connection.PoolBlockingPeriod = PoolBlockingPeriod.NeverBlock;
        }

        _connectionString = connection.ConnectionString;
    }

    /// <summary>The records, whatever the server is called that keeps them now.</summary>
    public static string NameRecords(SqlServerStoreOptions options) => $"SqlServer, database {Parse(options).InitialCatalog}, schema {options.Schema}";

    /// <summary>Server and database, for people.</summary>
    public static string Describe(SqlServerStoreOptions options)
    {
        var connection = Parse(options);
        return $"SqlServer, {connection.DataSource}{(connection.InitialCatalog.Length == 0 ? "" : $", database {connection.InitialCatalog}")}, schema {options.Schema}";
    }

    /// <exception cref="StoreRefusesWritesException">The database is there, and reads.</exception>
    public async ValueTask<T> RunAsync<T>(string script, Action<SqlParameterCollection> parameters, Func<SqlDataReader, T> read)
    {
        try
        {
            return await RunCoreAsync(script, parameters, read);
        }
        catch (SqlException e) when (RefusesWrites.Contains(e.Number))
        {
            throw new StoreRefusesWritesException(e);
        }
    }

    private async ValueTask<T> RunCoreAsync<T>(string script, Action<SqlParameterCollection> parameters, Func<SqlDataReader, T> read)
    {
        await using var connection = await OpenAsync();
        await using var command = Command(connection, script);
        command.RetryLogicProvider = _retries;
        command.CommandTimeout = _timeout;
        parameters(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleResult);
        if (!await reader.ReadAsync())
        {
            throw new InvalidOperationException("SQL Server answered no row.");
        }

        var answer = read(reader);

        // To the end: an error behind the row (the commit's) would otherwise pass unseen.
        while (await reader.ReadAsync() || await reader.NextResultAsync())
        {
        }

        return answer;
    }

    /// <summary>Reads what may be no row, or several.</summary>
    public async ValueTask<List<T>> ListAsync<T>(string script, Action<SqlParameterCollection> parameters, Func<SqlDataReader, T> read)
    {
        await using var connection = await OpenAsync();
        await using var command = Command(connection, script);
        command.RetryLogicProvider = _retries;
        command.CommandTimeout = _timeout;
        parameters(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleResult);
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        while (await reader.NextResultAsync())
        {
        }

        return rows;
    }

    /// <param name="limit">Null: SqlClient's, 30 seconds.</param>
    public async Task ExecuteAsync(string script, TimeSpan? limit = null)
    {
        await using var connection = await OpenAsync();
        await using var command = Command(connection, script);
        command.CommandTimeout = (int?)limit?.TotalSeconds ?? command.CommandTimeout;
        await command.ExecuteNonQueryAsync();
    }

    private async Task<SqlConnection> OpenAsync()
    {
        var connection = new SqlConnection(_connectionString) { RetryLogicProvider = _retries };
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static SqlCommand Command(SqlConnection connection, string script)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // the text comes from an embedded script
        command.CommandText = script;
#pragma warning restore CA2100
        return command;
    }

    private static SqlConnectionStringBuilder Parse(SqlServerStoreOptions options)
    {
        try
        {
            var connection = new SqlConnectionStringBuilder(options.ConnectionString);
            if (connection.Authentication is not (SqlAuthenticationMethod.NotSpecified or SqlAuthenticationMethod.SqlPassword))
            {
                throw new StoreConfigurationException(Place, $"asks for the authentication {connection.Authentication}, which this version does not offer.", "Use a SQL login, or Windows authentication.");
            }

            return connection.DataSource.Length > 0 ? connection : throw new ArgumentException("it names no server");
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // Neither the text nor the parser's message is repeated: they may hold the password.
            throw new StoreConfigurationException(
                Place, "is not a Microsoft.Data.SqlClient connection string.", "Write it as in Server=sql1;Database=gateway;User ID=gateway;Password=…;Encrypt=True, best in the environment (Idempotency__Stores__SqlServer__ConnectionString).");
        }
    }
}
