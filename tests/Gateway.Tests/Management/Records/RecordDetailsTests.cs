using System.Text.Json.Nodes;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Tests.Management.Records;

/// <summary>What the admin API shows of one record.</summary>
public sealed class RecordDetailsTests
{
    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task A_record_is_shown_by_its_32_digits_and_by_the_16_that_logs_have(string store)
    {
        await using var stuck = await StuckKey.StartAsync(store: store);
        var record = await stuck.RecordAsync();
        var id = (string)record["id"]!;
        Assert.Contains(stuck.Gateway.Log.Entries, entry => entry.Message.Contains(id[..16], StringComparison.Ordinal));
        foreach (var name in (string[])[id, id[..16], id.ToUpperInvariant()])
        {
            var shown = await stuck.Admin.ReadAsync($"/admin/records/{name}");
            Assert.Equal(record.ToJsonString(), shown["record"]!.ToJsonString());
        }

        Assert.Equal(("unknown", "pay", "k"), ((string?)record["state"], (string?)record["operation"], (string?)record["key"]));
        Assert.DoesNotContain("claim", record.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    [InlineData("ffffffffffffffff")]
    [InlineData("fffffffffffffff")]
    [InlineData("gggggggggggggggg")]
    [InlineData("%3Cscript%3E")]
    [InlineData("-fffffffffffffff")]
    public async Task What_is_no_record_is_404(string id)
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        using var answer = await admin.Client.GetAsync($"/admin/records/{id}");
        await answer.ShouldBeProblemAsync(404, "There is no such record");
        using var page = await admin.Client.GetAsync($"/console/records/{id}");
        await page.ShouldBeAsync(404);
    }

    [Fact]
    public async Task An_answer_is_shown_with_status_and_headers_and_with_its_body_only_when_asked_for()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("pa\u00e4d", "201 Made", "X-A: 1\r\nX-A: 2\r\nSet-Cookie: s=1\r\nContent-Type: text/plain\r\n"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "ShowBody": true }""");
        using var admin = new Admin(gateway);
        using var first = await gateway.Client.PostAsync("k");
        var record = await admin.RecordAsync();

        var answer = (await admin.ShowAsync(record))["answer"]!;
        Assert.Equal((201, "Made", true, 4), ((int)answer["status"]!, (string?)answer["reasonPhrase"], (bool)answer["isRetained"]!, (int)answer["bodySize"]!));
        Assert.Equal(
            ["Content-Type: text/plain", "X-A: 1", "X-A: 2"],
            answer["headers"]!.AsArray().Select(header => $"{header!["name"]}: {header["value"]}").Order(StringComparer.Ordinal));
        Assert.Null(answer["body"]);
        Assert.Equal("not asked for", (string?)answer["bodyWithheld"]);

        answer = (await admin.ShowAsync(record, "?body=true"))["answer"]!;
        Assert.Equal("pa\u00e4d"u8.Length - 1, Convert.FromBase64String((string)answer["body"]!).Length); // Latin-1, as the backend sent it
        Assert.Null(answer["bodyWithheld"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "ShowBody": false }""")]
    public async Task A_body_is_withheld_where_the_policy_does_not_say_ShowBody(string policy)
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("s3cret"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, policy);
        using var admin = new Admin(gateway);
        using var first = await gateway.Client.PostAsync("k");
        var shown = await admin.ShowAsync(await admin.RecordAsync(), "?body=true");
        Assert.Null(shown["answer"]!["body"]);
        Assert.Equal("the policy does not allow it (ShowBody)", (string?)shown["answer"]!["bodyWithheld"]);
        Assert.Equal(6, (int)shown["answer"]!["bodySize"]!);
    }

    [Fact]
    public async Task A_body_is_withheld_as_soon_as_one_route_of_its_operation_has_a_policy_without_ShowBody_and_when_no_route_has_it_any_more()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("s3cret"));
        var routes = Routes.File(backend.Address, """{ "ShowBody": true, "Operation": "pay" }""");
        await using var gateway = await TestGateway.StartAsync(routes);
        using var admin = new Admin(gateway);
        using var first = await gateway.Client.PostAsync("k");
        var record = await admin.RecordAsync();
        Assert.NotNull((await admin.ShowAsync(record, "?body=true"))["answer"]!["body"]);

        routes["ReverseProxy"]!["Routes"]!["open"]!["Transforms"] = new JsonArray(new JsonObject { ["IdempotencyPolicy"] = "q" });
        routes["Idempotency"]!["Policies"]!["q"] = JsonNode.Parse("""{ "Actor": [ "Shared" ], "Operation": "pay" }""");
        await WriteAsync();
        routes["Idempotency"]!["Policies"]!["q"]!["ShowBody"] = true;
        await WriteAsync(isShown: true);
        routes["Idempotency"]!["Policies"]!["p"]!["Operation"] = "other";
        routes["Idempotency"]!["Policies"]!["q"]!["Operation"] = "other";
        await WriteAsync();

        async Task WriteAsync(bool isShown = false)
        {
            await File.WriteAllTextAsync(gateway.RoutesPath, routes.ToJsonString());
            await Bounded.UntilAsync(() => admin.ShowAsync(record, "?body=true"), shown => shown["answer"]!["body"] is not null == isShown);
        }
    }

    [Fact]
    public async Task A_tombstone_says_that_the_answer_was_not_kept()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync(new string('x', 100)));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "ShowBody": true, "MaxResponseBodySize": 10 }""");
        using var admin = new Admin(gateway);
        using var first = await gateway.Client.PostAsync("k");
        var answer = (await admin.ShowAsync(await admin.RecordAsync(), "?body=true"))["answer"]!;
        Assert.Equal((200, false, 0, null, "the answer was not kept"), ((int)answer["status"]!, (bool)answer["isRetained"]!, (int)answer["bodySize"]!, (string?)answer["body"], (string?)answer["bodyWithheld"]));
    }

    [Fact]
    public async Task A_damaged_answer_is_told_as_such_and_the_record_is_shown_all_the_same()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("paid"));
        await using var gateway = await TestGateway.StartAsync(backend.Address, """{ "ShowBody": true }""", configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => new FaultyInspector(provider.GetRequiredService<InMemoryStore>()) { Tell = Damaged }));
        using var admin = new Admin(gateway);
        using var first = await gateway.Client.PostAsync("k");
        var shown = await admin.ShowAsync(await admin.RecordAsync(), "?body=true");
        Assert.Null(shown["answer"]);
        Assert.Equal("An answer record's checksum is wrong.", (string?)shown["answerProblem"]);
        Assert.Equal("completed", (string?)shown["record"]!["state"]);
        var page = await admin.Client.GetStringAsync($"/console/records/{shown["record"]!["id"]}");
        Assert.Contains("The stored answer cannot be read.", page, StringComparison.Ordinal);

        static StoredRecord Damaged(StoredRecord record)
        {
            var bytes = record.Answer.ToArray();
            bytes[^1] ^= 1;
            return record with { Answer = bytes };
        }
    }

    [Fact]
    public async Task A_record_that_the_store_cannot_read_is_damaged_and_not_a_failing_store()
    {
        FaultyInspector inspector = null!;
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/", configure: builder => builder.Services
            .AddSingleton<IStoreInspector>(provider => inspector = new FaultyInspector(provider.GetRequiredService<InMemoryStore>())));
        inspector.Before = call => call == "read" ? throw new InvalidDataException("Record 1 has the unknown state 9.") : Task.CompletedTask;
        using var admin = new Admin(gateway);
        using var answer = await admin.Client.GetAsync($"/admin/records/{new string('a', 32)}");
        await answer.ShouldBeProblemAsync(500, "The record is damaged. Record 1 has the unknown state 9.");
        using var page = await admin.Client.GetAsync($"/console/records/{new string('a', 32)}");
        await page.ShouldBeAsync(500);
        Assert.Contains("Record 1 has the unknown state 9.", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timeline_tells_what_was_what_is_and_what_will_be()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        var timeline = (await stuck.Admin.ShowAsync(record))["timeline"]!.AsArray();
        Assert.Equal(
            [("the key was first seen and the request forwarded", false), ("no whole answer came: nobody knows whether it took effect", false), ("the record is forgotten, and its key is free", true)],
            timeline.Select(moment => ((string)moment!["what"]!, (bool)moment["isToCome"]!)));
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 200 }));
        await resolved.ShouldBeAsync(200);
        var texts = (await stuck.Admin.ShowAsync(record))["timeline"]!.AsArray().Select(moment => (string)moment!["what"]!).ToList();
        Assert.Contains("completed with 200; every retry gets that answer", texts);
        Assert.Contains("ann asked to complete it (done): no charge in the ledger", texts);
    }

    [Fact]
    public async Task A_record_whose_request_runs_here_says_so_and_that_its_client_has_gone()
    {
        var release = new TaskCompletionSource();
        await using var backend = RawBackend.StartHeld(release.Task);
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var admin = new Admin(gateway);
        using (var client = await RawClient.ConnectAsync(gateway.Address))
        {
            await client.SendAsync(RawClient.Post("/payments/1/confirm", "k", Requests.Payment, "Content-Type: application/json\r\n"));
            await backend.ArrivedAsync();
            var record = await admin.RecordAsync();
            Assert.Equal("in-flight", (string?)record["state"]);
            Assert.NotNull(record["leaseUntil"]);
            Assert.False((bool)(await admin.ShowAsync(record))["running"]!["hasLostClient"]!);
            client.Reset();
        }

        var shown = await Bounded.UntilAsync(async () => await admin.ShowAsync(await admin.RecordAsync()), shown => (bool)shown["running"]!["hasLostClient"]!);
        Assert.Contains(shown["timeline"]!.AsArray(), moment => ((string)moment!["what"]!).StartsWith("its lease ends", StringComparison.Ordinal));
        release.SetResult();
        await Bounded.UntilAsync(() => admin.StateAsync(), state => state == "completed");
    }
}
