using System.CommandLine;
using Gateway.Tests.Support;

namespace Gateway.CrashTest;

/// <summary>What can be asked for, and its defaults.</summary>
internal sealed class CommandLine
{
    private readonly Option<string[]> _stores = new("--store") { Description = "Sqlite, Redis, SqlServer. Default: Sqlite, Redis, and SqlServer if GATEWAY_TEST_SQLSERVER names one.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int?> _seed = new("--seed") { Description = "Decides what clients do and which faults come when. Default: any; it is printed." };
    private readonly Option<double> _minutes = new("--minutes") { Description = "How long rounds are begun, for each store. 0: one round.", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _storm = new("--storm") { Description = "Seconds of faults in each round; longer where not every kind of fault has come by then.", DefaultValueFactory = _ => 14 };
    private readonly Option<int> _gateways = new("--gateways") { Description = "How many share the store; at least 2.", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _clients = new("--clients") { Description = "How many ask at once.", DefaultValueFactory = _ => 16 };
    private readonly Option<string[]> _bugs = new("--bug") { Description = "The bugs to plant. Default: all of Planted/Bugs.", AllowMultipleArgumentsPerToken = true };

    public static Task<int> RunAsync(string[] args)
    {
        var line = new CommandLine();
        var root = new RootCommand("Kills, freezes and cuts off gateways under load, and checks that every promise was kept.")
        {
            line._stores, line._seed, line._minutes, line._storm, line._gateways, line._clients,
        };
        root.SetAction((parsed, _) => Runs.CrashAsync(line.Read(parsed)));
        var planted = new Command("planted", "Checks the check: plants bugs into throwaway copies of the gateway, and tells after how long each is caught.")
        {
            line._stores, line._seed, line._minutes, line._storm, line._gateways, line._clients, line._bugs,
        };
        planted.SetAction((parsed, _) => Runs.PlantedAsync(line.Read(parsed), parsed.GetValue(line._bugs) ?? []));
        root.Add(planted);
        line._stores.AcceptOnlyFromAmong("Sqlite", "Redis", "SqlServer");
        return root.Parse(args).InvokeAsync();
    }

    private List<CrashOptions> Read(ParseResult parsed)
    {
        var stores = parsed.GetValue(_stores) is { Length: > 0 } given ? given : SqlServerAccess.ConnectionString is null ? ["Sqlite", "Redis"] : ["Sqlite", "Redis", "SqlServer"];
        var seed = parsed.GetValue(_seed) ?? Random.Shared.Next(1_000_000);
        return
        [
            .. stores.Select(store => new CrashOptions
            {
                Store = store,
                Seed = seed,
                Duration = TimeSpan.FromMinutes(parsed.GetValue(_minutes)),
                Storm = TimeSpan.FromSeconds(parsed.GetValue(_storm)),
                Gateways = Math.Max(2, parsed.GetValue(_gateways)),
                Clients = parsed.GetValue(_clients),
                Folder = CrashOptions.NewFolder(),
            }),
        ];
    }
}
