using System.Collections.Frozen;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;

namespace Gateway.Tests.Idempotency.Response;

public sealed class AnswerPackerTests
{
    [Fact]
    public async Task An_answer_comes_back_as_it_was()
    {
        byte[] body = [0, 1, 2, 0xFF, 0xFE, (byte)'\r', (byte)'\n'];
        var context = Answers.Context(
            299, "Very fine",
            ("Content-Type", "application/octet-stream"), ("ETag", "\"abc\""), ("Location", "/a?b=c"), ("Content-Encoding", "br"),
            ("Link", new(["<a>; rel=\"x, y\"", "<b>; rel=z"])), ("Cache-Control", "no-store"), ("WWW-Authenticate", new(["Basic", "Bearer"])));

        var replayed = await Answers.ReplayAsync(Answers.Pack(context, body, Answers.Trailers(("X-Sum", new(["1", "2"])), ("X-Last", "z"))));

        Assert.Equal((299, "Very fine"), (replayed.Status, replayed.Reason));
        Assert.Equal(body, replayed.Body);
        foreach (var (name, values) in context.Response.Headers)
        {
            Assert.Equal(values, replayed.Headers[name]);
        }

        // Beside them only what a replay adds.
        Assert.Equal(
            [.. context.Response.Headers.Keys.Append("Content-Length").Append("Idempotent-Replayed").Order(StringComparer.Ordinal)],
            replayed.Headers.Keys.Order(StringComparer.Ordinal).ToArray());
        Assert.Equal("true", replayed.Headers["Idempotent-Replayed"]);
        Assert.Equal(["1", "2"], replayed.Trailers["X-Sum"].ToList());
        Assert.Equal("z", replayed.Trailers["X-Last"]);
    }

    [Fact]
    public void Header_lines_keep_their_order_and_their_number()
    {
        var record = Answers.Pack(Answers.Context(200, null, ("B", new(["2", "1"])), ("A", "x"), ("C", "1, 2"), ("Empty", "")), []);

        Assert.Equal([("B", "2"), ("B", "1"), ("A", "x"), ("C", "1, 2"), ("Empty", "")], Answers.Headers(record));
    }

    [Fact]
    public void Header_values_beyond_ascii_come_back_as_they_were() =>
        Assert.Equal([("X-Name", "naïve 日本 😀")], Answers.Headers(Answers.Pack(Answers.Context(200, null, ("X-Name", "naïve 日本 😀")), [])));

    [Fact]
    public async Task A_usual_reason_phrase_stays_the_servers_own()
    {
        var record = Answers.Pack(Answers.Context(404), []);

        Assert.Null(Answers.Head(record).Reason);
        Assert.Null((await Answers.ReplayAsync(record)).Reason);
        Assert.Equal("", Answers.Head(Answers.Pack(Answers.Context(404, ""), [])).Reason);
    }

    [Theory]
    [InlineData("Connection")]
    [InlineData("Keep-Alive")]
    [InlineData("Proxy-Connection")]
    [InlineData("Proxy-Authenticate")]
    [InlineData("Proxy-Authorization")]
    [InlineData("TE")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("Date")]
    [InlineData("Server")]
    [InlineData("Set-Cookie")]
    [InlineData("SET-COOKIE")]
    [InlineData("date")]
    [InlineData("Content-Length")]
    [InlineData("content-length")]
    [InlineData("Idempotency-Key")]
    [InlineData("idempotency-key")]
    public void A_header_of_one_connection_one_moment_or_one_session_is_not_kept(string name)
    {
        var record = Answers.Pack(Answers.Context(200, null, ("X-A", "1"), (name, "5"), ("X-B", "2")), [1], Answers.Trailers((name, "5"), ("X-T", "3")));

        Assert.Equal([("X-A", "1"), ("X-B", "2")], Answers.Headers(record));
        Assert.Equal([("X-T", "3")], Answers.Head(record).Trailers);
    }

    [Fact]
    public void What_the_policy_excludes_is_not_kept()
    {
        var policy = Policy(excluded: ["x-token", "X-Other"]);

        var record = Answers.Pack(Answers.Context(200, null, ("X-Token", new(["a", "b"])), ("X-Token-2", "c")), [], Answers.Trailers(("X-OTHER", "d")), policy);

        Assert.Equal([("X-Token-2", "c")], Answers.Headers(record));
        Assert.Empty(Answers.Head(record).Trailers);
    }

    [Fact]
    public void The_policys_own_key_header_is_not_kept()
    {
        var policy = Policy(keyHeader: "X-Request-Key");

        Assert.Equal(
            [("Idempotency-Key", "b")],
            Answers.Headers(Answers.Pack(Answers.Context(200, null, ("x-request-key", "a"), ("Idempotency-Key", "b")), [], policy: policy)));
    }

    [Fact]
    public void What_stood_there_before_the_forward_is_not_the_backends()
    {
        var outer = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "X-Request-Id", "Strict-Transport-Security");

        var record = Answers.Pack(
            Answers.Context(200, null, ("x-request-id", "1"), ("X-Backend", "2")), [], Answers.Trailers(("X-Request-Id", "3")), outer: outer);

        Assert.Equal([("X-Backend", "2")], Answers.Headers(record));
        Assert.Equal([("X-Request-Id", "3")], Answers.Head(record).Trailers);
    }

    [Fact]
    public async Task An_answer_without_a_body_keeps_the_length_that_only_its_header_tells()
    {
        var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(304, null, ("Content-Length", "1234"), ("ETag", "\"a\"")), []));

        Assert.Equal(304, replayed.Status);
        Assert.Equal(1234, replayed.Headers.ContentLength);
        Assert.Empty(replayed.Body);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    public async Task An_answer_that_may_not_have_a_body_is_replayed_without_length_and_body(int status)
    {
        var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(status, null, ("Content-Length", "0")), []));

        Assert.Equal(status, replayed.Status);
        Assert.Null(replayed.Headers.ContentLength);
        Assert.Empty(replayed.Body);
    }

    [Fact]
    public async Task An_empty_body_is_replayed_as_an_empty_body()
    {
        var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(201), []));

        Assert.Equal(0, replayed.Headers.ContentLength);
        Assert.Empty(replayed.Body);
    }

    [Fact]
    public async Task Trailers_that_the_connection_cannot_carry_are_left_out_of_the_replay()
    {
        var record = Answers.Pack(Answers.Context(), [1, 2], Answers.Trailers(("X-Sum", "abc")));

        var replayed = await Answers.ReplayAsync(record, withTrailers: false);

        Assert.Equal([1, 2], replayed.Body);
        Assert.False(replayed.Headers.ContainsKey("X-Sum"));
    }

    [Theory]
    [InlineData(900)]
    [InlineData(960)]
    [InlineData(970)]
    [InlineData(980)]
    [InlineData(990)]
    [InlineData(1024)]
    [InlineData(5000)]
    [InlineData(100_000)]
    public async Task A_head_of_any_size_stands_before_the_body(int headerLength)
    {
        var value = new string('v', headerLength);
        foreach (var bodyLength in new[] { 0, 1, 70_000 })
        {
            var body = Enumerable.Range(0, bodyLength).Select(i => (byte)(i * 7)).ToArray();

            var replayed = await Answers.ReplayAsync(Answers.Pack(Answers.Context(200, null, ("X-Long", value)), body));

            Assert.Equal(value, replayed.Headers["X-Long"]);
            Assert.Equal(body, replayed.Body);
        }
    }

    [Fact]
    public void A_head_that_fills_the_room_before_the_body_to_the_byte_is_packed()
    {
        // Fixed part 28, no reason 4, two counts 8, name 4 + 1, value 4: 975 bytes of value make a head of 1024.
        foreach (var length in new[] { 974, 975, 976 })
        {
            var record = Answers.Pack(Answers.Context(200, null, ("X", new string('v', length))), [9, 8, 7]);

            Assert.Equal(49 + length + 3, record.Length);
            Assert.Equal([9, 8, 7], AnswerRecord.Read(record).Body.ToArray());
        }
    }

    [Fact]
    public void A_tombstone_keeps_no_header_and_no_trailer_of_the_answer_but_its_status()
    {
        var context = Answers.Context(201, null, ("X-Secret", "s3cret"), ("Set-Cookie", "a=b"));

        var record = Answers.Pack(context, [], Answers.Trailers(("X-Secret", "s3cret")), kind: AnswerKind.Tombstone);

        Assert.Equal(201, AnswerRecord.Read(record).Status);
        var (_, headers, trailers) = Answers.Head(record);
        Assert.Empty(headers);
        Assert.Empty(trailers);
    }

    private static IdempotencyPolicy Policy(string[]? excluded = null, string keyHeader = "Idempotency-Key") => new()
    {
        Name = "payments",
        Actor = ActorRules.Shared,
        Key = new KeyRules { Header = keyHeader },
        ExcludedResponseHeaders = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, excluded ?? []),
    };
}
