using System.Diagnostics.Metrics;
using Gateway.Idempotency.Observation;
using Gateway.Stores;
using Gateway.Stores.InMemory;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Gateway.Tests.Idempotency.Observation;

/// <summary>Each request on a protected route is counted once, by what became of it.</summary>
public sealed class OutcomeTests
{
    public static TheoryData<string> Names { get; } = [.. Enum.GetValues<RequestOutcome>().Select(outcome => outcome.ToString())];

    [Theory]
    [InlineData("Executed", "executed")]
    [InlineData("Replayed", "replayed")]
    [InlineData("InProgress", "in-progress")]
    [InlineData("KeyReused", "key-reused")]
    [InlineData("KeyMissing", "key-missing")]
    [InlineData("KeyInvalid", "key-invalid")]
    [InlineData("ActorMissing", "actor-missing")]
    [InlineData("BodyTooLarge", "body-too-large")]
    [InlineData("Unknown", "unknown")]
    [InlineData("UnknownHeld", "unknown-held")]
    [InlineData("NotRetained", "not-retained")]
    [InlineData("Unprotected", "unprotected")]
    [InlineData("NotStored", "not-stored")]
    [InlineData("Released", "released")]
    [InlineData("StoreUnavailable", "store-unavailable")]
    [InlineData("Keyless", "keyless")]
    public void Each_outcome_has_its_name(string outcome, string name) => Assert.Equal(name, Enum.Parse<RequestOutcome>(outcome).Name());

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_outcome_is_counted_once_by_operation_outcome_and_mode(string name)
    {
        var outcome = Enum.Parse<RequestOutcome>(name);
        var held = new TaskCompletionSource();
        var served = 0;
        await using var backend = RawBackend.Start(async (connection, asked) =>
        {
            switch (outcome)
            {
                case RequestOutcome.ReplayDenied when asked.Line.Contains("/denied", StringComparison.Ordinal):
                    await connection.AnswerAsync("no", "403 Forbidden");
                    return;
                case RequestOutcome.InProgress or RequestOutcome.TooManyInFlight when Interlocked.Increment(ref served) == 1:
                    await held.Task;
                    break;
                case RequestOutcome.Unknown or RequestOutcome.UnknownHeld:
                    connection.Reset();
                    return;
            }

            await connection.AnswerAsync("ran", outcome == RequestOutcome.Released ? "429 Too Many Requests" : "200 OK");
        });
        var inner = new InMemoryStore(TimeProvider.System);
        var store = new FaultyStore(inner);
        await using var gateway = await TestGateway.StartAsync(
            backend.Address,
            outcome switch
            {
                RequestOutcome.ActorMissing => """{ "Actor": [ "Header:X-Who" ] }""",
                RequestOutcome.BodyTooLarge => """{ "MaxRequestBodySize": 1 }""",
                RequestOutcome.NotRetained => """{ "RetainBody": false }""",
                RequestOutcome.Unprotected => """{ "StoreFailure": "Forward" }""",
                RequestOutcome.ReplayDenied => $$"""{ "ReplayAuthorization": { "Url": "{{backend.Address}}denied" } }""",
                RequestOutcome.AuthorizationUnavailable => """{ "ReplayAuthorization": { "Url": "http://127.0.0.1:1/" } }""",
                RequestOutcome.QuotaExceeded => """{ "MaxLiveKeysPerActor": 1 }""",
                RequestOutcome.TooManyInFlight => """{ "MaxInFlight": 1 }""",
                RequestOutcome.Keyless => """{ "Key": { "Required": false } }""",
                _ => "{}",
            },
            idempotency: outcome switch
            {
                RequestOutcome.NotStored => """{ "Stores": { "CompletionTimeout": "00:00:00.0500000" } }""",
                RequestOutcome.BufferUnavailable => """{ "Buffering": { "MemoryThreshold": 4096, "MaxDiskSize": 4096 } }""",
                _ => "{}",
            },
            configure: builder => builder.Services.AddSingleton<IIdempotencyStore>(store).AddSingleton<IActorQuota>(inner));
        using var counted = new MetricCollector<long>(gateway.Services.GetRequiredService<IMeterFactory>(), StoreMeter.Name, RequestMeter.Requests);
        store.Before = verb => outcome switch
        {
            RequestOutcome.Unprotected or RequestOutcome.StoreUnavailable when verb == "begin" => throw new IOException("down"),
            RequestOutcome.NotStored when verb == "complete" => throw new IOException("down"),
            _ => Task.CompletedTask,
        };

        // What has to be there before, and what it is counted as.
        RequestOutcome? before = outcome switch
        {
            RequestOutcome.Replayed or RequestOutcome.KeyReused or RequestOutcome.NotRetained or RequestOutcome.ReplayDenied or RequestOutcome.AuthorizationUnavailable or RequestOutcome.QuotaExceeded => RequestOutcome.Executed,
            RequestOutcome.UnknownHeld => RequestOutcome.Unknown,
            _ => null,
        };
        if (before is not null)
        {
            using var first = await gateway.Client.PostAsync(outcome == RequestOutcome.QuotaExceeded ? "another" : "k");
        }

        var running = outcome switch { RequestOutcome.InProgress => gateway.Client.PostAsync("k"), RequestOutcome.TooManyInFlight => gateway.Client.PostAsync("another"), _ => null };
        if (running is not null)
        {
            await backend.ArrivedAsync();
        }

        var request = Requests.Post(
            outcome switch { RequestOutcome.KeyMissing or RequestOutcome.Keyless => null, RequestOutcome.KeyInvalid => "a\tb", _ => "k" },
            outcome switch { RequestOutcome.KeyReused => "{}", RequestOutcome.BufferUnavailable => new string(' ', 5000), _ => Requests.Payment });
        if (outcome == RequestOutcome.DigestMismatch)
        {
            request.Headers.Add("Content-Digest", "sha-256=:AAAA:");
        }

        using var answer = await gateway.Client.SendAsync(request).WithinLimit();

        counted.RecordObservableInstruments();
        var expected = new Dictionary<string, long> { [outcome.Name()] = 1 };
        if (before is { } counting)
        {
            expected[counting.Name()] = 1;
        }

        Assert.Equal(expected.OrderBy(pair => pair.Key), counted.GetMeasurementSnapshot().Where(measured => measured.Value > 0).Select(measured =>
        {
            Assert.Equal(("pay", "enforce"), (measured.Tags["operation"], measured.Tags["mode"]));
            return KeyValuePair.Create((string)measured.Tags["outcome"]!, measured.Value);
        }).OrderBy(pair => pair.Key));
        held.SetResult();
        (running is null ? null : await running)?.Dispose();
    }

    [Fact]
    public async Task What_no_policy_looks_at_is_counted_by_route_and_by_whether_it_carries_a_key()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        foreach (var (method, path, key) in new[]
        {
            ("POST", "/open/x", null), ("DELETE", "/open/x", "k"), ("GET", "/open/x", "k"), // the route has no policy
            ("PUT", "/x", (string?)null), ("POST", "/x", "k"), ("POST", "/x", null), // the policy covers POST and PATCH
        })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            using var answer = await gateway.Client.SendAsync(request).WithinLimit();
        }

        var traffic = gateway.Services.GetRequiredService<RouteTrafficCatalog>().All.ToDictionary(route => route.RouteId);
        Assert.Equal((0, 0, 2, 1), Figures(traffic["open"]));
        Assert.Equal((2, 0, 1, 0), Figures(traffic["pay"]));

        static (long, long, long, long) Figures(RouteTraffic route) => (route.Protected, route.Observed, route.Unprotected, route.UnprotectedWithKey);
    }

    [Fact]
    public async Task A_reload_takes_no_count_away()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("ran"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        using var first = await gateway.Client.PostAsync("k");
        await File.WriteAllTextAsync(gateway.RoutesPath, Routes.File(backend.Address, """{ "Key": { "Format": "Uuid" } }""").ToJsonString());
        await Bounded.UntilAsync(
            async () =>
            {
                using var answer = await gateway.Client.PostAsync("k");
                return (int)answer.StatusCode;
            },
            status => status == 400);

        var counts = Assert.Single(gateway.Services.GetRequiredService<RequestFigures>().All);
        Assert.Equal(1, counts[RequestOutcome.Executed]);
        Assert.True(counts[RequestOutcome.KeyInvalid] > 0);
    }
}
