using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Management.Records;

/// <summary>What an operator decides, and what every client gets of it on the public listener.</summary>
public sealed class RecordChangesTests
{
    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task Completed_by_an_operator_every_retry_gets_exactly_that_answer_and_nothing_runs(string store)
    {
        await using var stuck = await StuckKey.StartAsync(store: store);
        var record = await stuck.RecordAsync();
        var answer = JsonNode.Parse("""{ "status": 201, "headers": { "Location": [ "/payments/7" ], "X-A": [ "1", "2, 3" ], "Content-Type": [ "application/json; charset=utf-8" ] }, "body": "{\"paid\":\"\u00e4\"}\n" }""")!;

        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, answer));

        await resolved.ShouldBeAsync(200);
        var shown = JsonNode.Parse(await resolved.Content.ReadAsStringAsync())!;
        Assert.Equal(("completed", 201), ((string?)shown["record"]!["state"], (int)shown["answer"]!["status"]!));
        for (var i = 0; i < 2; i++)
        {
            using var retry = await stuck.Gateway.Client.PostAsync("k");
            Assert.Equal((201, "Created", true), ((int)retry.StatusCode, retry.ReasonPhrase, retry.IsReplay()));
            Assert.Equal("/payments/7", retry.Headers.Location?.OriginalString);
            Assert.Equal(["1", "2, 3"], retry.Headers.GetValues("X-A"));
            Assert.Equal("application/json; charset=utf-8", retry.Content.Headers.ContentType?.ToString());
            Assert.Equal("{\"paid\":\"ä\"}\n", (await retry.Content.ReadAsByteArrayAsync()).Text());
        }

        using var other = await stuck.Gateway.Client.PostAsync("k", """{"amount":1}""");
        await other.ShouldBeAsync(422, "key-reused"); // the key still belongs to its request
        Assert.Single(stuck.Backend.Requests);
    }

    [Fact]
    public async Task A_body_in_base64_is_given_byte_for_byte_and_none_is_none()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        byte[] body = [0, 255, 13, 10, 1];
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 200, ["bodyBase64"] = Convert.ToBase64String(body) }));
        await resolved.ShouldBeAsync(200);
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        Assert.Equal(body, await retry.Content.ReadAsByteArrayAsync());

        using var second = await stuck.LoseAsync("k2");
        record = await stuck.Admin.RecordAsync("k2");
        using var empty = await stuck.Admin.ResolveAsync(record, Admin.Completed(record, new JsonObject { ["status"] = 204 }));
        await empty.ShouldBeAsync(200);
        using var none = await stuck.Gateway.Client.PostAsync("k2");
        Assert.Equal((204, true, 0), ((int)none.StatusCode, none.IsReplay(), (await none.Content.ReadAsByteArrayAsync()).Length));
    }

    [Theory]
    [InlineData("Memory")]
    [InlineData("Sqlite")]
    public async Task Released_by_an_operator_the_next_retry_runs(string store)
    {
        await using var stuck = await StuckKey.StartAsync(store: store);
        var record = await stuck.RecordAsync();
        using var held = await stuck.Gateway.Client.PostAsync("k");
        await held.ShouldBeAsync(409, "outcome-unknown");

        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Released(record));

        await resolved.ShouldBeAsync(204);
        Assert.Null(await stuck.Admin.StateAsync());
        using var retry = await stuck.Gateway.Client.PostAsync("k");
        Assert.Equal(("paid", false), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
        Assert.Equal(2, stuck.Backend.Requests.Count);
    }

    [Theory]
    [InlineData("Memory", "completed")]
    [InlineData("Memory", "unknown")]
    [InlineData("Sqlite", "completed")]
    [InlineData("Sqlite", "unknown")]
    public async Task Deleted_the_next_request_with_its_key_runs_also_where_it_has_run_before(string store, string state)
    {
        await using var stuck = await StuckKey.StartAsync(store: store);
        using var done = await stuck.Gateway.Client.PostAsync("done");
        var key = state == "completed" ? "done" : "k";
        var record = await stuck.Admin.RecordAsync(key);
        Assert.Equal(state, (string?)record["state"]);

        using var deleted = await stuck.Admin.DeleteAsync(record);

        await deleted.ShouldBeAsync(204);
        using var again = await stuck.Admin.DeleteAsync(record);
        await again.ShouldBeProblemAsync(404, "There is no such record");
        using var retry = await stuck.Gateway.Client.PostAsync(key);
        Assert.Equal(("paid", false), (await retry.Content.ReadAsStringAsync(), retry.IsReplay()));
    }

    [Fact]
    public async Task A_change_reaches_the_overview_at_once()
    {
        await using var stuck = await StuckKey.StartAsync();
        await Bounded.UntilAsync(() => stuck.Admin.ReadAsync("/admin/overview"), overview => (long?)overview["records"]?["unknown"] == 1);
        var record = await stuck.RecordAsync();
        using var resolved = await stuck.Admin.ResolveAsync(record, Admin.Released(record));
        var overview = await Bounded.UntilAsync(() => stuck.Admin.ReadAsync("/admin/overview"), overview => (long?)overview["records"]?["unknown"] == 0);
        Assert.Empty(overview["oldestUnknown"]!.AsArray());
    }

    public static TheoryData<string, string> Unreadable => new()
    {
        { """{ "outcome": "released", "version": "V", "by": "ann", "reason": "x", "answer": { "status": 200 } }""", "A record that is released has no answer" },
        { """{ "outcome": "Released", "version": "V", "by": "ann", "reason": "x" }""", "outcome is neither completed nor released" },
        { """{ "version": "V", "by": "ann", "reason": "x" }""", "outcome is neither completed nor released" },
        { """{ "outcome": "released", "version": "V", "reason": "x" }""", "by and reason are required" },
        { """{ "outcome": "released", "version": "V", "by": " ", "reason": "x" }""", "by and reason are required" },
        { """{ "outcome": "released", "version": "V", "by": "ann", "reason": "" }""", "by and reason are required" },
        { """{ "outcome": "released", "version": "V", "by": "ann", "reason": "\n\t" }""", "by and reason are required" },
        { $$"""{ "outcome": "released", "version": "V", "by": "ann", "reason": "{{new string('x', 1001)}}" }""", "at most 1000 characters" },
        { $$"""{ "outcome": "released", "version": "V", "by": "{{new string('x', 1001)}}", "reason": "x" }""", "at most 1000 characters" },
        { Given("null"), "answer is missing" },
        { Given("{}"), "answer.status is not from 200 to 599" },
        { Given("""{ "status": 199 }"""), "answer.status is not from 200 to 599" },
        { Given("""{ "status": 600 }"""), "answer.status is not from 200 to 599" },
        { Given("""{ "status": 101 }"""), "answer.status is not from 200 to 599" },
        { Given("""{ "status": "200" }"""), "$.answer.status" },
        { Given("""{ "status": 204, "body": "x" }"""), "an answer with status 204 has no body" },
        { Given("""{ "status": 205, "bodyBase64": "eA==" }"""), "an answer with status 205 has no body" },
        { Given("""{ "status": 304, "body": "x" }"""), "an answer with status 304 has no body" },
        { Given("""{ "status": 200, "body": "x", "bodyBase64": "eA==" }"""), "stand side by side" },
        { Given("""{ "status": 200, "bodyBase64": "%%" }"""), "answer.bodyBase64 is not base64" },
        { Given($$"""{ "status": 200, "body": "{{new string('x', (1 << 20) + 1)}}" }"""), "more than 1048576 bytes" },
        { Given("""{ "status": 200, "headers": { "X-A": [ "a\r\nX-B: c" ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": [ "a\nb" ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": [ "a\u0000" ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": [ "\u20ac" ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": [ null ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": null } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": [ ] } }"""), "answer.headers.X-A has a value that no header can have" },
        { Given("""{ "status": 200, "headers": { "X-A": "1" } }"""), "$.answer.headers.X-A" },
        { Given("""{ "status": 200, "headers": { "X A": [ "1" ] } }"""), "a name that is none" },
        { Given("""{ "status": 200, "headers": { "X-A\r\nX-B": [ "1" ] } }"""), "a name that is none" },
        { Given("""{ "status": 200, "headers": { "": [ "1" ] } }"""), "a name that is none" },
        { Given("""{ "status": 200, "headers": { "X-A": [ "1" ], "x-a": [ "2" ] } }"""), "answer.headers.x-a stands there twice" },
        { Given("""{ "status": 200, "headers": { "idempotent-replayed": [ "false" ] } }"""), "answer.headers.idempotent-replayed is the gateway's to say" },
        { Given("""{ "status": 200, "headers": { "Idempotency-Status": [ "x" ] } }"""), "is the gateway's to say" },
        { Given("""{ "status": 200, "headers": { "Set-Cookie": [ "a=b" ] } }"""), "answer.headers.Set-Cookie is not kept with an answer" },
        { Given("""{ "status": 200, "headers": { "Transfer-Encoding": [ "chunked" ] } }"""), "answer.headers.Transfer-Encoding is not kept with an answer" },
        { Given("""{ "status": 200, "headers": { "connection": [ "close" ] } }"""), "answer.headers.connection is not kept with an answer" },
        { Given("""{ "status": 200, "headers": { "Content-Length": [ "5" ] } }"""), "answer.headers.Content-Length is not kept with an answer" },
        { Given("""{ "status": 200, "headers": { "Idempotency-Key": [ "k" ] } }"""), "answer.headers.Idempotency-Key is not kept with an answer" },
        { """{ "outcome": """, "The body is not the JSON that is expected here: look at $" },
        { "[]", "The body is not the JSON that is expected here: look at $" },
        { "null", "The body is missing" },
        { "", "The body is missing" },
        { "\"\\ud800\"", "The body is not the JSON" },
    };

    [Fact]
    public async Task A_change_that_cannot_be_read_is_told_what_is_wrong_and_nothing_is_changed_or_written_down()
    {
        await using var stuck = await StuckKey.StartAsync();
        var record = await stuck.RecordAsync();
        foreach (var (body, problem) in Unreadable.Select(row => ((string)row[0], (string)row[1])))
        {
            using var content = new StringContent(body.Replace("\"V\"", $"\"{record["version"]}\"", StringComparison.Ordinal), Encoding.UTF8, "application/json");
            using var answer = await stuck.Admin.Client.PostAsync($"/admin/records/{record["id"]}/resolve", content);
            await answer.ShouldBeProblemAsync(400, problem);
            Assert.DoesNotContain("Gateway.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal); // names of our types
        }

        using var form = await stuck.Admin.Client.PostAsync($"/admin/records/{record["id"]}/resolve", new FormUrlEncodedContent([new("outcome", "released")]));
        await form.ShouldBeProblemAsync(415, "Unsupported Media Type");
        using var nothing = await stuck.Admin.Client.DeleteAsync($"/admin/records/{record["id"]}");
        await nothing.ShouldBeProblemAsync(400, "The body is missing");
        using var unnamed = await stuck.Admin.DeleteAsync(record, new JsonObject { ["version"] = (string)record["version"]! });
        await unnamed.ShouldBeProblemAsync(400, "");
        Assert.Equal("unknown", await stuck.Admin.StateAsync());
        Assert.Empty(stuck.Audit());
        Assert.Single(stuck.Backend.Requests);
    }

    [Fact]
    public async Task A_record_that_is_not_there_is_404()
    {
        await using var stuck = await StuckKey.StartAsync();
        var nobody = new JsonObject { ["id"] = new string('f', 32), ["version"] = "x" };
        using var resolved = await stuck.Admin.ResolveAsync(nobody, Admin.Released(nobody));
        await resolved.ShouldBeProblemAsync(404, "There is no such record");
        using var deleted = await stuck.Admin.DeleteAsync(nobody);
        await deleted.ShouldBeProblemAsync(404, "There is no such record");
    }

    private static string Given(string answer) => $$"""{ "outcome": "completed", "version": "V", "by": "ann", "reason": "x", "answer": {{answer}} }""";
}
