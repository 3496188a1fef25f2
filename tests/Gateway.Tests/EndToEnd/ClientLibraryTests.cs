using System.Globalization;
using System.Net;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Gateway.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Stripe;

namespace Gateway.Tests.EndToEnd;

/// <summary>Client libraries that carry keys and retry by themselves, against a backend that fails first: one effect, and the exceptions that their users expect.</summary>
public sealed class ClientLibraryTests : IAsyncLifetime
{
    private const string Intent = """{ "id": "pi_1", "object": "payment_intent", "amount": 4990, "currency": "eur" }""";

    private readonly Queue<string> _failures = new();
    private TaskCompletionSource? _hold;
    private RawBackend _backend = null!;
    private TestGateway _gateway = null!;
    private int _effects;

    [Fact]
    public async Task Stripe_net_gets_its_object_and_the_same_one_for_the_same_key()
    {
        await StartAsync("""{ "Profile": "Stripe", "Actor": [ "Header:Authorization" ] }""");
        var service = Stripe();
        var first = await service.CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" });
        var again = await service.CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" });
        Assert.Equal(("pi_1", "pi_1", 1), (first.Id, again.Id, _effects));
        Assert.True(again.StripeResponse.Headers.Contains("Idempotent-Replayed"));
    }

    [Fact]
    public async Task Stripe_net_retries_while_the_first_request_is_running_and_gets_its_answer()
    {
        await StartAsync("""{ "Profile": "Stripe", "Actor": [ "Header:Authorization" ] }""");
        _hold = new TaskCompletionSource();
        var first = Stripe().CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" });
        await _backend.ArrivedAsync();
        var second = Stripe(retries: 20).CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" });
        await Bounded.UntilAsync(() => Task.FromResult(_conflicts), conflicts => conflicts > 0);
        _hold.SetResult();
        Assert.Equal(((await first).Id, 1), ((await second).Id, _effects));
    }

    [Fact]
    public async Task Stripe_net_throws_an_idempotency_error_for_other_parameters_under_the_key()
    {
        await StartAsync("""{ "Profile": "Stripe", "Actor": [ "Header:Authorization" ] }""");
        var service = Stripe();
        await service.CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" });
        var error = await Assert.ThrowsAsync<StripeException>(() => service.CreateAsync(Payment(amount: 1), new RequestOptions { IdempotencyKey = "order-1" }));
        Assert.Equal((HttpStatusCode.BadRequest, "idempotency_error", 1), (error.HttpStatusCode, error.StripeError.Type, _effects));
    }

    [Fact]
    public async Task Stripe_net_does_not_retry_what_may_have_run_and_says_that_it_is_unknown()
    {
        await StartAsync("""{ "Profile": "Stripe", "Actor": [ "Header:Authorization" ] }""");
        _failures.Enqueue("act and break");
        var error = await Assert.ThrowsAsync<StripeException>(() => Stripe().CreateAsync(Payment(), new RequestOptions { IdempotencyKey = "order-1" }));
        Assert.Equal((HttpStatusCode.BadGateway, "outcome_unknown", 1), (error.HttpStatusCode, error.StripeError.Code, _effects));
        Assert.Single(_backend.Requests);
    }

    [Fact]
    public async Task A_client_with_the_standard_resilience_handler_rides_out_a_backend_that_did_not_act()
    {
        await StartAsync("{}");
        _failures.Enqueue("503 Service Unavailable");
        _failures.Enqueue("429 Too Many Requests");
        using var services = Resilient();
        using var answer = await services.GetRequiredService<IHttpClientFactory>().CreateClient("gateway").SendAsync(Requests.Post("order-1")).WithinLimit();
        Assert.Equal((200, 1, 3), ((int)answer.StatusCode, _effects, _backend.Requests.Count));
    }

    [Fact]
    public async Task A_client_with_the_standard_resilience_handler_ends_at_409_where_nobody_knows()
    {
        await StartAsync("{}");
        _failures.Enqueue("act and break");
        using var services = Resilient();
        using var answer = await services.GetRequiredService<IHttpClientFactory>().CreateClient("gateway").SendAsync(Requests.Post("order-1")).WithinLimit();
        await answer.ShouldBeAsync(409, "outcome-unknown"); // its retry of the 502 hears the truth
        Assert.Equal((1, 1), (_effects, _backend.Requests.Count));
    }

    [Fact]
    public async Task An_Azure_pipeline_with_repeatability_headers_retries_to_one_effect_and_is_told_that_it_was_accepted()
    {
        await StartAsync("""{ "Key": { "Header": "Repeatability-Request-ID" } }""");
        _failures.Enqueue("503 Service Unavailable");
        var options = new AzureOptions { Retry = { MaxRetries = 3, Delay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(50), Mode = RetryMode.Fixed } };
        var pipeline = HttpPipelineBuilder.Build(options);
        async Task<Response> SendAsync(string id, DateTimeOffset firstSent, string body = Requests.Payment)
        {
            using var message = pipeline.CreateMessage();
            message.Request.Method = RequestMethod.Post;
            message.Request.Uri.Reset(new Uri(_gateway.Address, "/rooms"));
            message.Request.Headers.Add("Repeatability-Request-ID", id);
            message.Request.Headers.Add("Repeatability-First-Sent", firstSent.ToString("r", CultureInfo.InvariantCulture));
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(BinaryData.FromString(body));
            await pipeline.SendAsync(message, CancellationToken.None).AsTask().WithinLimit();
            return message.Response.IsError ? throw new RequestFailedException(message.Response) : message.Response;
        }

        var (id, now) = (Guid.NewGuid().ToString(), DateTimeOffset.UtcNow);
        var first = await SendAsync(id, now);
        Assert.Equal((200, 1, 2), (first.Status, _effects, _backend.Requests.Count));
        Assert.Equal("accepted", first.Headers.TryGetValue("Repeatability-Result", out var result) ? result : null);

        var again = await SendAsync(id, now);
        Assert.Equal(("true", 1), (again.Headers.TryGetValue("Idempotent-Replayed", out var replayed) ? replayed : null, _effects));
        var late = await Assert.ThrowsAsync<RequestFailedException>(() => SendAsync(Guid.NewGuid().ToString(), now - TimeSpan.FromDays(2)));
        Assert.Equal(412, late.Status);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _hold?.TrySetResult();
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private int _conflicts;

    private async Task StartAsync(string policy)
    {
        _backend = RawBackend.Start(async (connection, _) =>
        {
            var failure = _failures.Count > 0 ? _failures.Dequeue() : null;
            switch (failure)
            {
                case "act and break":
                    _effects++;
                    connection.Reset();
                    return;
                case not null:
                    await connection.AnswerAsync("""{ "error": { "type": "api_error", "message": "try again" } }""", failure, "Content-Type: application/json\r\n");
                    return;
            }

            if (_hold is { } hold)
            {
                await hold.Task;
            }

            _effects++;
            await connection.AnswerAsync(Intent, headers: "Content-Type: application/json\r\n");
        });
        _gateway = await TestGateway.StartAsync(_backend.Address, policy);
    }

    private static PaymentIntentCreateOptions Payment(long amount = 4990) => new() { Amount = amount, Currency = "eur" };

    private PaymentIntentService Stripe(int retries = 3)
    {
        var counting = new Counting(this) { InnerHandler = new SocketsHttpHandler() };
        return new PaymentIntentService(new StripeClient(new StripeClientOptions
        {
            ApiKey = "sk_test_123",
            ApiBase = _gateway.Address.ToString().TrimEnd('/'),
            HttpClient = new SystemNetHttpClient(new HttpClient(counting), maxNetworkRetries: retries),
        }));
    }

    private ServiceProvider Resilient()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("gateway", client => client.BaseAddress = _gateway.Address)
            .AddStandardResilienceHandler(options => options.Retry.Delay = TimeSpan.FromMilliseconds(20));
        return services.BuildServiceProvider();
    }

    private sealed class AzureOptions : ClientOptions;

    private sealed class Counting(ClientLibraryTests test) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.Conflict)
            {
                Interlocked.Increment(ref test._conflicts);
            }

            return answer;
        }
    }
}
