using System.Globalization;
using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// Answers whose head holds bytes that it should not: what goes out is one well-formed head, and a retry gets the same one, or both
/// are told that the outcome is unknown. Nothing that a backend sends becomes a line of its own.
/// </summary>
public sealed class HostileAnswerTests : IAsyncLifetime
{
    /// <summary>By the request's path: where the byte stands, and which one it is.</summary>
    private readonly RawBackend _backend = RawBackend.Start(async (connection, request) =>
    {
        var (place, code) = request.Line.Split(' ')[1].Trim('/').Split('/') is [var head, var tail] ? (head, tail) : default;
        var c = (char)int.Parse(code!, CultureInfo.InvariantCulture);
        await connection.SendAsync(place switch
        {
            "value" => $"HTTP/1.1 201 Made\r\nX-Odd: a{c}Injected: 1\r\nX-Even: e\r\nContent-Length: 2\r\n\r\nok",
            "edge" => $"HTTP/1.1 201 Made\r\nX-Odd: {c}\r\nX-Even: e\r\nContent-Length: 2\r\n\r\nok",
            "reason" => $"HTTP/1.1 201 Made{c}Injected: 1\r\nX-Even: e\r\nContent-Length: 2\r\n\r\nok",
            _ => $"HTTP/1.1 201 Made\r\nX{c}Odd: Injected: 1\r\nX-Even: e\r\nContent-Length: 2\r\n\r\nok",
        });
    });

    private TestGateway _gateway = null!;

    public async Task InitializeAsync() => _gateway = await TestGateway.StartAsync(_backend.Address);

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Theory]
    [InlineData("value")]
    [InlineData("edge")]
    [InlineData("reason")]
    [InlineData("name")]
    public async Task Any_byte_in_an_answers_head_is_replayed_as_it_went_out_or_never_goes_out(string place)
    {
        var (sent, went) = (0, 0);
        foreach (var code in Enumerable.Range(0, 256).Where(code => code is not '\n' and (< 48 or (> 120 and < 176) or > 250))) // a line's end ends the line: what follows is the backend's own
        {
            sent++;
            var (first, firstBody) = await PostAsync(place, code);
            var (retry, retryBody) = await PostAsync(place, code);

            if (first.StartsWith("HTTP/1.1 201", StringComparison.Ordinal))
            {
                went++;
                Assert.True(Lines(first).SequenceEqual(Lines(retry)), $"{code}:\n{first}\n{retry}");
                Assert.Equal(("ok", "ok"), (firstBody, retryBody));
                Assert.Contains("Idempotent-Replayed: true\r\n", retry, StringComparison.Ordinal);
            }
            else
            {
                Assert.StartsWith("HTTP/1.1 502", first, StringComparison.Ordinal);
                Assert.Contains("outcome-unknown", firstBody, StringComparison.Ordinal);
                Assert.StartsWith("HTTP/1.1 409", retry, StringComparison.Ordinal);
                Assert.Contains("outcome-unknown", retryBody, StringComparison.Ordinal);
            }
        }

        Assert.InRange(went, 1, sent);
        Assert.Equal(sent, _backend.Requests.Count);
    }

    private async Task<(string Head, string Body)> PostAsync(string place, int code)
    {
        using var client = await RawClient.ConnectAsync(_gateway.Address);
        await client.SendAsync(RawClient.Post($"/{place}/{code}", $"{place}-{code}", "{}"));
        var (head, body) = await client.ReadAnswerAsync();

        var withoutEnds = head.Replace("\r\n", "", StringComparison.Ordinal);
        Assert.True(withoutEnds.AsSpan().IndexOfAny('\r', '\n', '\0') < 0, $"{place} {code}: {head}");
        Assert.DoesNotContain("\r\nInjected", head, StringComparison.Ordinal);
        return (head, body);
    }

    /// <summary>The head without what differs between an answer and its replay, and between two moments.</summary>
    private static IEnumerable<string> Lines(string head) =>
        head.Split("\r\n").Where(line => !line.StartsWith("Date:", StringComparison.Ordinal) && !line.StartsWith("Idempotent-Replayed:", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
