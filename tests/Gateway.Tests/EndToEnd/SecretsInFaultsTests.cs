using Gateway.Tests.Support;

namespace Gateway.Tests.EndToEnd;

/// <summary>
/// What is broken on the wire is quoted by the messages of those who could not read it: Kestrel's of a request, HttpClient's of an
/// answer. And what servers like to log of every request is its target.
/// </summary>
public sealed class SecretsInFaultsTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private readonly RawBackend _backend = RawBackend.Start(async (connection, request) =>
    {
        switch (request.Header("X-Do"))
        {
            case "header":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nX-Token planted-in-answer\r\nContent-Length: 0\r\n\r\n");
                break;
            case "status":
                await connection.SendAsync("planted-in-answer\r\n\r\n");
                break;
            case "chunk":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nplanted-in-answer\r\n");
                break;
            case "trailer":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nplanted-in-answer\r\n\r\n");
                break;
            default:
                await connection.AnswerAsync("fine");
                return;
        }

        connection.Close();
    });

    private OtlpReceiver _receiver = null!;

    public async Task InitializeAsync() => _receiver = await OtlpReceiver.StartAsync();

    public async Task DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/pay")]
    [InlineData("/open/pay")]
    public async Task No_log_and_no_trace_quotes_what_could_not_be_read_or_the_query(string path)
    {
        await using var gateway = await GatewayProcess.StartAsync(GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address)), new Dictionary<string, string>(_receiver.Environment)
        {
            ["Logging__LogLevel__Default"] = "Trace",
            ["Logging__LogLevel__Microsoft.AspNetCore"] = "Trace",
            ["Logging__LogLevel__Yarp"] = "Trace",
        });
        foreach (var act in (string[])["header", "status", "chunk", "trailer"])
        {
            using var request = Requests.Post($"k-{act}", path: path + "?token=planted-in-query");
            request.Headers.Add("X-Do", act);
            try
            {
                using var answer = await gateway.Client.SendAsync(request).WithinLimit();
                Assert.DoesNotContain("planted", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
            catch (HttpRequestException)
            {
                // Passed on as far as it came.
            }
        }

        foreach (var broken in (string[])
        [
            $"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization planted-in-request\r\n\r\n",
            $"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: planted-in-request\0\r\n\r\n",
            "planted-in-request\r\n\r\n",
        ])
        {
            using var client = await RawClient.ConnectAsync(gateway.Address);
            await client.SendAsync(broken);
            Assert.Contains(" 400 ", await client.ReadHeadOnlyAsync(), StringComparison.Ordinal);
        }

        await Bounded.UntilAsync(() => Task.FromResult(_receiver.Holds("/v1/traces", "error.type")), isThere => isThere);
        await gateway.SignalAsync("TERM");
        await gateway.ExitCodeAsync();
        Assert.Contains("dbug:", gateway.Output, StringComparison.Ordinal); // it did listen to that level
        Assert.DoesNotContain(gateway.Output.Split('\n'), line => line.Contains("planted", StringComparison.Ordinal));
        Assert.Contains("http.request.method", _receiver.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", _receiver.Text, StringComparison.Ordinal);
    }
}
