using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.EndToEnd;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management.Records;

/// <summary>Where an operator and a request meet: the operator decides by what was seen, and takes nothing away from what runs.</summary>
public sealed class RecordConflictTests
{
    private static JsonObject Ok => new() { ["status"] = 200, ["body"] = "by hand" };

    [Theory]
    [InlineData(null, "The version is missing")]
    [InlineData("", "The version is missing")]
    [InlineData("0000000000000000", "The record has changed")]
    public async Task Without_the_version_that_it_has_a_record_is_left_alone(string? version, string problem)
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        foreach (var call in (JsonObject[])[Admin.Released(record), Admin.Completed(record, Ok)])
        {
            call["version"] = version;
            using var resolved = await stuck.Admin.ResolveAsync(record, call);
            await resolved.ShouldBeProblemAsync(409, problem);
        }

        using var deleted = await stuck.Admin.DeleteAsync(record, new JsonObject { ["version"] = version, ["by"] = "ann", ["reason"] = "x" });
        await deleted.ShouldBeProblemAsync(409, problem);
        Assert.Equal("unknown", await stuck.Admin.StateAsync());
        Assert.Empty(stuck.Audit());
    }

    [Fact]
    public async Task The_version_of_a_record_that_was_released_and_ran_again_is_not_that_of_the_new_one()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        using var released = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        using var lost = await stuck.LoseAsync("k");
        await lost.ShouldBeAsync(502, "outcome-unknown");

        using var again = await stuck.Admin.ResolveAsync(record, Admin.Released(record));

        await again.ShouldBeProblemAsync(409, "The record has changed");
        Assert.Equal("unknown", await stuck.Admin.StateAsync());
    }

    [Fact]
    public async Task What_is_completed_has_nothing_to_resolve()
    {
        await using var stuck = await StuckKey.StartAsync();
        using var done = await stuck.Gateway.Client.PostAsync("done");
        var record = await stuck.Admin.RecordAsync("done");
        using var released = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        await released.ShouldBeProblemAsync(409, "It is completed: there is nothing to resolve.");
        using var completed = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, Ok));
        await completed.ShouldBeProblemAsync(409, "It is completed: there is nothing to resolve.");
        using var retry = await stuck.Gateway.Client.PostAsync("done");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
    }

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task What_is_in_flight_is_neither_resolved_nor_deleted(string store)
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var gateway = await TestGateway.StartAsync(backend.Address, store: store);
        await StoreTests.ReadyAsync(gateway);
        using var admin = new Admin(gateway);
        var running = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        var record = await admin.RecordAsync();

        using var released = await admin.ResolveAsync(record, Admin.Released(record));
        await released.ShouldBeProblemAsync(409, "It is in-flight: there is nothing to resolve.");
        using var completed = await admin.ResolveAsync(record, Admin.Completed(record, Ok));
        await completed.ShouldBeProblemAsync(409, "It is in-flight");
        using var deleted = await admin.DeleteAsync(record);
        await deleted.ShouldBeProblemAsync(409, "The record is in flight");

        release.SetResult();
        using var answer = await running;
        Assert.Equal("paid", await answer.Content.ReadAsStringAsync());
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task A_request_that_runs_here_although_its_lease_was_lost_is_left_alone_and_its_answer_comes()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(backend.Address, """{ "Lease": "00:00:01" }""", s => store = s);
        await StoreTests.ReadyAsync(gateway);
        using var admin = new Admin(gateway);
        store.Before = verb => verb == "renew" ? throw new IOException("the store does not hear it") : Task.CompletedTask;
        var running = gateway.Client.PostAsync("k");
        await backend.ArrivedAsync();
        await Bounded.UntilAsync(() => admin.StateAsync(), state => state == "unknown");
        var record = await admin.RecordAsync();

        using var released = await admin.ResolveAsync(record, Admin.Released(record));
        await released.ShouldBeProblemAsync(409, "The request still runs at this gateway");
        using var completed = await admin.ResolveAsync(record, Admin.Completed(record, Ok));
        await completed.ShouldBeProblemAsync(409, "The request still runs at this gateway");
        using var deleted = await admin.DeleteAsync(record);
        await deleted.ShouldBeProblemAsync(409, "The request still runs at this gateway");

        release.SetResult();
        using var first = await running;
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Fact]
    public async Task An_answer_that_waits_for_the_store_is_left_to_come_home()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        FaultyStore store = null!;
        await using var gateway = await StoreTests.StartAsync(
            backend.Address, """{ "Lease": "00:00:01" }""", s => store = s, """{ "Stores": { "OperationTimeout": "00:00:00.2", "CompletionTimeout": "00:00:00.5" } }""");
        await StoreTests.ReadyAsync(gateway);
        using var admin = new Admin(gateway);
        store.Before = verb => verb is "complete" or "renew" ? throw new IOException("the store does not take it") : Task.CompletedTask;
        using var first = await gateway.Client.PostAsync("k");
        Assert.Equal("not-stored", first.Status());
        await Bounded.UntilAsync(() => admin.StateAsync(), state => state == "unknown");
        var record = await admin.RecordAsync();
        Assert.True((bool)(await admin.ShowAsync(record))["answerWaitsHere"]!);

        using var released = await admin.ResolveAsync(record, Admin.Released(record));
        await released.ShouldBeProblemAsync(409, "The answer waits for the store");
        using var deleted = await admin.DeleteAsync(record);
        await deleted.ShouldBeProblemAsync(409, "The answer waits for the store");

        store.Before = _ => Task.CompletedTask;
        await Bounded.UntilAsync(() => admin.StateAsync(), state => state == "completed");
        using var retry = await gateway.Client.PostAsync("k");
        Assert.Equal(("paid", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Single(backend.Requests);
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("released")]
    public async Task An_answer_that_comes_late_to_another_gateway_does_not_take_the_operators_decision_back(string outcome)
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        FaultyStore store = null!;
        await using var runs = await StoreTests.StartAsync(backend.Address, """{ "Lease": "00:00:01" }""", s => store = s);
        await StoreTests.ReadyAsync(runs);
        var shared = runs.Services.GetRequiredService<InMemoryStore>();
        await using var decides = await TestGateway.StartAsync(backend.Address, """{ "Lease": "00:00:01" }""", configure: builder => builder.Services
            .AddSingleton<IIdempotencyStore>(shared).AddSingleton<IStoreInspector>(shared));
        using var admin = new Admin(decides);
        store.Before = verb => verb == "renew" ? throw new IOException("the gateway is cut off from the store") : Task.CompletedTask;
        var running = runs.Client.PostAsync("k");
        await backend.ArrivedAsync();
        await Bounded.UntilAsync(() => admin.StateAsync(), state => state == "unknown");
        var record = await admin.RecordAsync();
        using var resolved = await admin.ResolveAsync(record, outcome == "completed" ? Admin.Completed(record, Ok) : Admin.Released(record));
        Assert.True(resolved.IsSuccessStatusCode);

        store.Before = _ => Task.CompletedTask;
        release.SetResult();
        using var late = await running;
        Assert.Equal("paid", await late.Content.ReadAsStringAsync());

        using var retry = await decides.Client.PostAsync("k");
        if (outcome == "completed")
        {
            Assert.Equal(("by hand", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
            Assert.Single(backend.Requests);
        }
        else
        {
            // What is released stays so, and runs: exactly once more, whatever came late.
            using var again = await decides.Client.PostAsync("k");
            Assert.Equal(("paid", true), (await again.Content.ReadAsStringAsync(), again.IsReplay()));
            Assert.Equal(retry.IsReplay() ? 1 : 2, backend.Requests.Count);
        }
    }

    [Fact]
    public async Task A_record_that_changes_between_the_look_and_the_step_is_left_alone_and_the_audit_log_says_so()
    {
        FaultyInspector inspector = null!;
        InMemoryStore store = null!;
        await using var stuck = await StuckKey.StartAsync(configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(store = provider.GetRequiredService<InMemoryStore>())));
        var record = await stuck.RecordAsync();
        inspector.Before = async call =>
        {
            if (call == "resolve")
            {
                // The answer comes after all, in this very moment.
                var held = (await store.ScanAsync(RecordWalk.All, null, 10)).Records.Single(found => found.Label.Key == "k");
                Assert.True(await store.CompleteAsync(held.Key, held.Claim, new byte[] { 1 }));
            }
        };

        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Released(record));

        await resolved.ShouldBeProblemAsync(409, "It changed in this very moment, and was left alone");
        Assert.Equal("completed", await stuck.Admin.StateAsync());
        Assert.Equal(["requested", "not done"], stuck.Audit().Select(line => (string?)line["result"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_does_not_answer_the_step_leaves_it_unknown_and_both_lines_say_so(bool hangs)
    {
        FaultyInspector inspector = null!;
        await using var stuck = await StuckKey.StartAsync(configure: builder =>
        {
            builder.Configuration["Idempotency:Stores:CompletionTimeout"] = "00:00:00.3";
            builder.Services.AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>()));
            builder.Services.AddSingleton(new StoreLimits(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(300)));
        });
        var record = await stuck.RecordAsync();
        inspector.Before = call => call is not ("resolve" or "delete") ? Task.CompletedTask : hangs ? new TaskCompletionSource().Task : throw new IOException("Password=s3cret");

        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        await resolved.ShouldBeProblemAsync(503, "Whether the change was made is not known");
        Assert.DoesNotContain("s3cret", await resolved.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var deleted = await stuck.Admin.DeleteAsync(record);
        await deleted.ShouldBeProblemAsync(503, "Whether the change was made is not known");
        Assert.Equal(["requested", "unknown", "requested", "unknown"], stuck.Audit().Select(line => (string?)line["result"]));
    }

    [Fact]
    public async Task A_change_that_was_made_is_a_success_although_the_store_fails_right_after_it()
    {
        FaultyInspector inspector = null!;
        await using var stuck = await StuckKey.StartAsync(configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>())));
        var record = await stuck.RecordAsync();
        var isMade = false;
        inspector.Before = call =>
        {
            if (call == "read" && isMade)
            {
                throw new IOException("down");
            }

            isMade |= call == "resolve";
            return Task.CompletedTask;
        };
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, Ok));
        await resolved.ShouldBeAsync(204);
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        Assert.Equal(("by hand", true), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
    }
}
