using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Gateway.Tests.EndToEnd;

/// <summary>Plants secrets in everything that a request and its answer have, and searches everything that the gateway leaves behind.</summary>
public sealed class SecretsTests : IAsyncLifetime
{
    private static readonly string[] Planted =
    [
        "planted-key-1", "planted-key-2", "planted-credential", "planted-cookie", "planted-body", "planted-answer", "planted-header", "planted-trailer", "planted-setcookie", "planted-password",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gateway-test-");
    private OtlpReceiver _receiver = null!;
    private SqliteConnection? _lock;
    private RawBackend _backend = null!;

    public async Task InitializeAsync()
    {
        _receiver = await OtlpReceiver.StartAsync();
        _backend = RawBackend.Start(async (connection, request) =>
        {
            switch (request.Header("X-Do"))
            {
                case "lock the store":
                    _lock = new SqliteConnection($"Data Source={Path.Combine(_folder.FullName, "data", "idempotency.db")};Pooling=False");
                    _lock.Open();
                    using (var begin = _lock.CreateCommand())
                    {
                        begin.CommandText = "BEGIN IMMEDIATE";
                        begin.ExecuteNonQuery();
                    }

                    break;
                case "break":
                    connection.Reset();
                    return;
            }

            await connection.AnswerAsync("planted-answer", headers: "X-Header: planted-header\r\nSet-Cookie: planted-setcookie\r\n");
        });
    }

    public async Task DisposeAsync()
    {
        _lock?.Dispose();
        await _receiver.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task With_answers_encrypted_and_keys_not_retained_a_whole_run_leaves_no_secret_anywhere()
    {
        var left = await RunAsync("""{ "Actor": [ "Header:Authorization" ], "EncryptAnswers": true, "RetainKey": false }""");
        Assert.All(left, place => Assert.All(Planted, secret => Assert.False(Holds(place.Bytes, secret), $"{place.Name} holds {secret}.")));
    }

    [Fact]
    public async Task Without_either_the_store_alone_holds_answers_and_keys_and_nothing_holds_credentials_or_request_bodies()
    {
        var left = await RunAsync("""{ "Actor": [ "Header:Authorization" ] }""");
        string[] kept = ["planted-key-1", "planted-key-2", "planted-answer", "planted-header"];
        var store = left.Where(place => place.Name.StartsWith("data/idempotency.db", StringComparison.Ordinal)).ToList();
        Assert.All(kept.Except(["planted-key-2"]), secret => Assert.Contains(store, place => Holds(place.Bytes, secret))); // the search finds what is there
        Assert.All(left.Except(store), place => Assert.All(Planted, secret => Assert.False(Holds(place.Bytes, secret), $"{place.Name} holds {secret}.")));
        Assert.All(store, place => Assert.All(Planted.Except(kept), secret => Assert.False(Holds(place.Bytes, secret), $"{place.Name} holds {secret}.")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Turned_on_or_off_the_policy_still_replays_what_was_stored_before(bool first)
    {
        JsonObject File(bool encrypt) => Routes.File(_backend.Address, $$"""{ "EncryptAnswers": {{(encrypt ? "true" : "false")}} }""", store: "Sqlite");
        var routes = GatewayProcess.WriteRoutes(_folder, File(first));
        await using (var before = await GatewayProcess.StartAsync(routes))
        {
            using var answer = await before.Client.PostAsync("k");
            Assert.Equal(200, (int)answer.StatusCode);
        }

        GatewayProcess.WriteRoutes(_folder, File(!first));
        await using var after = await GatewayProcess.StartAsync(routes);
        using var replay = await after.Client.PostAsync("k");
        Assert.Equal(("planted-answer", true), (await replay.Content.ReadAsStringAsync(), replay.IsReplay()));
    }

    [Fact]
    public async Task A_row_that_was_swapped_under_another_key_is_refused_and_does_not_run()
    {
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, """{ "EncryptAnswers": true }""", store: "Sqlite"));
        await using var gateway = await GatewayProcess.StartAsync(routes);
        foreach (var key in (string[])["a", "b"])
        {
            using var answer = await gateway.Client.PostAsync(key);
            Assert.Equal(200, (int)answer.StatusCode);
        }

        await using (var store = new SqliteConnection($"Data Source={Path.Combine(_folder.FullName, "data", "idempotency.db")};Pooling=False"))
        {
            store.Open();
            using var swap = store.CreateCommand();
            swap.CommandText = """
                UPDATE answer SET bytes = (SELECT bytes FROM answer JOIN record USING (id) WHERE client_key = 'a')
                WHERE id IN (SELECT id FROM record WHERE client_key IN ('a', 'b'))
                """;
            Assert.Equal(2, swap.ExecuteNonQuery());
        }

        using var first = await gateway.Client.PostAsync("a");
        using var second = await gateway.Client.PostAsync("b");
        Assert.Single([first, second], answer => (int)answer.StatusCode == 200);
        await new[] { first, second }.Single(answer => (int)answer.StatusCode != 200).ShouldBeAsync(503, "store-unavailable");
        Assert.Equal(2, _backend.Requests.Count);
    }

    [Fact]
    public async Task A_policy_that_encrypts_does_not_start_on_a_folder_that_is_none()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "file"), "");
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(_backend.Address, """{ "EncryptAnswers": true }""", idempotency: """{ "DataProtection": { "KeyFolder": "file/keys" } }"""));
        await using var gateway = GatewayProcess.Launch(routes);
        Assert.Equal(1, await gateway.ExitCodeAsync());
        Assert.Contains("Idempotency:DataProtection:KeyFolder: cannot be used", gateway.Output, StringComparison.Ordinal);
    }

    private static bool Holds(byte[] bytes, string secret)
    {
        var raw = Encoding.UTF8.GetBytes(secret);
        IEnumerable<byte[]> forms =
        [
            raw, Encoding.Unicode.GetBytes(secret), Encoding.ASCII.GetBytes(Convert.ToHexString(raw)), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(raw)),
            .. Enumerable.Range(0, 3).Select(before => Encoding.ASCII.GetBytes(Inner(raw, before))),
        ];
        return forms.Any(form => bytes.AsSpan().IndexOf(form) >= 0);
    }

    /// <summary>What base64 makes of the bytes behind so many others, without the characters that share bits with their neighbours.</summary>
    private static string Inner(byte[] raw, int before)
    {
        var text = Convert.ToBase64String([.. new byte[before], .. raw]).TrimEnd('=');
        return text[(before == 0 ? 0 : before + 1)..^2];
    }

    private async Task<List<(string Name, byte[] Bytes)>> RunAsync(string policy)
    {
        var routes = GatewayProcess.WriteRoutes(_folder, Routes.File(
            _backend.Address, policy, idempotency: """{ "Stores": { "CompletionTimeout": "00:00:02" } }""", store: "Sqlite"));
        var left = new List<(string, byte[])>();
        await using var gateway = await GatewayProcess.StartAsync(routes, new Dictionary<string, string>(_receiver.Environment)
        {
            ["Logging__LogLevel__Default"] = "Trace",
            ["Management__ApiKey"] = "planted-password",
        });
        async Task<HttpResponseMessage> SendAsync(string key, string act = "", string body = """{"card":"planted-body"}""")
        {
            var request = Requests.Post(key, body);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer planted-credential");
            request.Headers.TryAddWithoutValidation("Cookie", "session=planted-cookie");
            request.Headers.TryAddWithoutValidation("X-Do", act);
            return await gateway.Client.SendAsync(request).WithinLimit();
        }

        using var first = await SendAsync("planted-key-1");
        Assert.Equal("planted-answer", await first.Content.ReadAsStringAsync());
        using var replay = await SendAsync("planted-key-1");
        Assert.True(replay.IsReplay());
        using var reused = await SendAsync("planted-key-1", body: """{"other":"planted-body"}""");
        using var invalid = await SendAsync("planted-key-1\tplanted-key-2");
        using var lost = await SendAsync("planted-key-2-lost", "break");
        foreach (var (refusal, status) in ((HttpResponseMessage, int)[])[(reused, 422), (invalid, 400), (lost, 502)])
        {
            Assert.Equal(status, (int)refusal.StatusCode);
            left.Add(($"the answer {status}", await refusal.Content.ReadAsByteArrayAsync()));
        }

        using var spooled = await SendAsync("planted-key-2", "lock the store");
        Assert.Equal("not-stored", spooled.Status());
        using var meanwhile = await SendAsync("planted-key-2");
        Assert.True(meanwhile.IsReplay());
        using (var management = new HttpClient { BaseAddress = gateway.Management })
        {
            management.DefaultRequestHeaders.Add("X-Api-Key", "planted-password");
            foreach (var page in (string[])["/metrics", "/health/ready", "/.well-known/idempotency"])
            {
                left.Add((page, await management.GetByteArrayAsync(new Uri(page.StartsWith("/.well", StringComparison.Ordinal) ? gateway.Address : gateway.Management, page))));
            }
        }

        AddFiles("spool"); // while it is full
        _lock!.Dispose();
        await Bounded.UntilAsync(() => Task.FromResult(gateway.Output.Contains("has come home", StringComparison.Ordinal)), isHome => isHome);
        await Bounded.UntilAsync(() => Task.FromResult(_receiver.Holds("/v1/traces", "idempotency begin")), isThere => isThere);
        AddFiles("");
        await gateway.SignalAsync("TERM");
        await gateway.ExitCodeAsync();
        AddFiles("");
        left.Add(("the output", Encoding.UTF8.GetBytes(gateway.Output)));
        left.Add(("the traces and metrics", _receiver.Bytes));
        Assert.Contains(left, place => place.Item1.StartsWith("data/spool.db", StringComparison.Ordinal));
        return left;

        void AddFiles(string name)
        {
            foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name.StartsWith(name, StringComparison.Ordinal)))
            {
                try
                {
                    using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                    using var bytes = new MemoryStream();
                    stream.CopyTo(bytes);
                    left.Add((Path.GetRelativePath(_folder.FullName, file.FullName), bytes.ToArray()));
                }
                catch (FileNotFoundException)
                {
                    // Gone meanwhile: a journal.
                }
            }
        }
    }
}
