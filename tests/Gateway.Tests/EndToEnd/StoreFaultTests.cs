using Gateway.Stores;
using Gateway.Tests.Project;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.EndToEnd;

/// <summary>The table of <c>docs/store-faults.md</c>, run row by row on a real server behind a faulty wire.</summary>
public abstract class StoreFaultTests
{
    private const string Renewal = "during renewal, until the lease has run out";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    public static TheoryData<string, string, string, string, string, string, string> Faults
    {
        get
        {
            var data = new TheoryData<string, string, string, string, string, string, string>();
            foreach (var row in Repository.Rows("docs/store-faults.md", "faults"))
            {
                data.Add(row[0], row[1], row[2], row[3], row[4], row[5], row[6]);
            }

            return data;
        }
    }

    /// <summary>The store's name, and its section with the address of the wire's near end.</summary>
    protected abstract string Store { get; }

    protected abstract string SectionFor(int port);

    /// <summary>So long that a store without a fault keeps it on a busy machine.</summary>
    protected abstract TimeSpan OperationTimeout { get; }

    private protected abstract FaultyLink Link();

    [ServerTheory]
    [MemberData(nameof(Faults))]
    public async Task What_a_fault_of_the_store_leads_to(string fault, string moment, string policy, string client, string meanwhile, string afterwards, string runs)
    {
        await using var link = Link();
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.Start(async (connection, _) =>
        {
            if (moment != "before begin")
            {
                await release.Task;
            }

            await connection.AnswerAsync("paid");
        });
        await using var gateway = await TestGateway.StartAsync(
            backend.Address, $$"""{ "StoreFailure": "{{policy}}", "Lease": "{{(moment == Renewal ? Lease : 15 * Lease):c}}" }""", store: Store,
            idempotency: $$"""{ "Stores": { "OperationTimeout": "{{OperationTimeout:c}}", "CompletionTimeout": "{{OperationTimeout * 2:c}}", "{{Store}}": {{SectionFor(link.Port)}} } }""");
        await StoreTests.ReadyAsync(gateway);
        await Bounded.UntilAsync(() => IsBackAsync(gateway), back => back); // its connection is there, and has been used

        string first, then;
        if (moment == "before begin")
        {
            link.Break(FaultOf(fault));
            first = await TellAsync(gateway.Client.PostAsync("k"));
            then = await TellAsync(gateway.Client.PostAsync("k"));
            link.Mend();
        }
        else
        {
            var running = gateway.Client.PostAsync("k");
            await backend.ArrivedAsync();
            link.Break(FaultOf(fault));
            if (moment == Renewal)
            {
                await Task.Delay(Lease * 1.5); // on the store's clock, which has to pass
                then = await TellAsync(gateway.Client.PostAsync("k"));
                link.Mend();
                release.SetResult();
                first = await TellAsync(running);
            }
            else
            {
                release.SetResult();
                first = await TellAsync(running);
                then = await TellAsync(gateway.Client.PostAsync("k"));
                link.Mend();
            }
        }

        Assert.Equal((client, meanwhile), (first, then));
        await Bounded.UntilAsync(() => IsBackAsync(gateway), back => back);
        await Bounded.UntilAsync(() => TellAsync(gateway.Client.PostAsync("k")), told => told == afterwards);
        Assert.Equal(runs, $"{backend.Requests.Count}");
        Assert.Equal("200 replayed", await TellAsync(gateway.Client.PostAsync("k")));
    }

    /// <summary>The store takes writes again, as the gateway sees it.</summary>
    private static async Task<bool> IsBackAsync(TestGateway gateway)
    {
        try
        {
            await StoreSelfTest.ClaimAndReleaseAsync(gateway.Services.GetRequiredService<IIdempotencyStore>());
            return !gateway.Services.GetRequiredService<StoreCircuit>().IsOpen;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>An answer as the table writes it.</summary>
    private static async Task<string> TellAsync(Task<HttpResponseMessage> answering)
    {
        using var answer = await answering;
        var status = (int)answer.StatusCode;
        return status == 200
            ? $"200{(answer.IsReplay() ? " replayed" : "")}{(answer.Status() is { } marked ? $" {marked}" : "")}"
            : $"{status} {await answer.CodeAsync()}";
    }

    private static LinkFault FaultOf(string name) => name switch
    {
        "refused" => LinkFault.Refused,
        "hung" => LinkFault.Hung,
        "vanished" => LinkFault.Vanished,
        "reply lost" => LinkFault.ReplyLost,
        "slow" => LinkFault.Slow,
        _ => throw new ArgumentException(name),
    };
}
