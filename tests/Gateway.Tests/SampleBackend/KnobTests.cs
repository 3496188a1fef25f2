using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace Gateway.Tests.SampleBackend;

public class KnobTests
{
    [Theory]
    [InlineData("X-Demo-Delay", "soon", "delay takes a whole number from 0 to 600000")]
    [InlineData("X-Demo-Delay", "-1", "delay takes a whole number from 0 to 600000")]
    [InlineData("X-Demo-Delay-Before", "600001", "delayBefore takes a whole number from 0 to 600000")]
    [InlineData("X-Demo-Fault", "fire", "fault takes one of none, refuse, error, reset, truncate")]
    [InlineData("X-Demo-Fault", "3", "fault takes one of none, refuse, error, reset, truncate")]
    [InlineData("X-Demo-Fault", "error, reset", "fault takes one of none, refuse, error, reset, truncate")]
    [InlineData("X-Demo-Status", "100", "status takes a whole number from 200 to 599")]
    [InlineData("X-Demo-Size", "64MB", "size takes a whole number from 0 to 67108864")]
    public async Task A_wrong_knob_is_named_with_what_it_takes_and_nothing_is_charged(string header, string value, string message)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: (header, value));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("BAD_KNOB", body.GetProperty("error").GetString());
        Assert.Equal($"{message}.", body.GetProperty("message").GetString());
        Assert.Equal(0, await shop.CountAsync());
    }

    [Fact]
    public async Task A_delayed_answer_comes_after_the_charge()
    {
        var clock = new WatchedClock();
        await using var shop = await Shop.OpenAsync(clock);

        var answer = shop.ConfirmAsync("order-1", headers: ("X-Demo-Delay", "60000"));
        await clock.SomebodyWaits;

        Assert.Equal(1, await shop.CountAsync());
        Assert.False(answer.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(1));
        using var late = await answer;
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
    }

    [Fact]
    public async Task A_delay_before_holds_the_charge_back()
    {
        var clock = new WatchedClock();
        await using var shop = await Shop.OpenAsync(clock);

        var answer = shop.ConfirmAsync("order-1", headers: ("X-Demo-Delay-Before", "60000"));
        await clock.SomebodyWaits;

        Assert.Equal(0, await shop.CountAsync());
        clock.Advance(TimeSpan.FromMinutes(1));
        using var late = await answer;
        Assert.Equal(1, await shop.CountAsync());
    }

    [Fact]
    public async Task A_client_that_hangs_up_is_charged_all_the_same()
    {
        var clock = new WatchedClock();
        var noticed = new TaskCompletionSource();
        var done = new TaskCompletionSource();
        await using var shop = await Shop.OpenAsync(clock, configure: app => app.Use(async (context, next) =>
        {
            if (context.Request.Method == "POST")
            {
                context.RequestAborted.Register(noticed.SetResult);
                await next(context);
                done.SetResult();
            }
            else
            {
                await next(context);
            }
        }));

        var client = await shop.ConfirmOverSocketAsync("order-1", "X-Demo-Delay-Before: 60000");
        await clock.SomebodyWaits;
        client.Dispose();
        await noticed.Task;

        Assert.Equal(0, await shop.CountAsync());
        clock.Advance(TimeSpan.FromMinutes(1));
        await done.Task;
        Assert.Equal(1, await shop.CountAsync());
    }

    [Fact]
    public async Task Refuse_answers_500_and_charges_nothing()
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: ("X-Demo-Fault", "refuse"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(0, await shop.CountAsync());
    }

    [Fact]
    public async Task Refuse_answers_the_error_status_that_is_asked_for_and_charges_nothing()
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: [("X-Demo-Fault", "refuse"), ("X-Demo-Status", "503")]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(0, await shop.CountAsync());
    }

    [Fact]
    public async Task Error_charges_and_answers_500()
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: ("X-Demo-Fault", "error"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(1, await shop.CountAsync());
    }

    [Fact]
    public async Task Reset_charges_and_cuts_the_connection_without_a_byte()
    {
        await using var shop = await Shop.OpenAsync();

        using var client = await shop.ConfirmOverSocketAsync("order-1", "X-Demo-Fault: reset");

        Assert.Equal("", await ReadUntilCutAsync(client));
        Assert.Equal(1, await shop.CountAsync());
    }

    [Fact]
    public async Task Truncate_charges_and_cuts_the_connection_within_the_announced_body()
    {
        await using var shop = await Shop.OpenAsync();

        using var client = await shop.ConfirmOverSocketAsync("order-1", "X-Demo-Size: 200000\r\nX-Demo-Fault: truncate");
        var received = await ReadUntilCutAsync(client);

        Assert.Contains("Content-Length: 200000\r\n", received, StringComparison.Ordinal);
        Assert.Equal(100_000, received[(received.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Length);
        Assert.Equal(1, await shop.CountAsync());
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("truncate")]
    public async Task An_answer_without_a_body_is_lost_whole(string fault)
    {
        await using var shop = await Shop.OpenAsync();

        await Assert.ThrowsAsync<HttpRequestException>(
            () => shop.SendAsync(HttpMethod.Patch, "/payments/order-1", """{ "note": "ring" }""", ("X-Demo-Fault", fault)));

        var payment = await shop.Client.GetFromJsonAsync<JsonElement>("/payments/order-1");
        Assert.Equal(1, payment.GetProperty("notes").GetArrayLength());
    }

    [Theory]
    [InlineData(202, true)]
    [InlineData(204, false)]
    [InlineData(304, false)]
    [InlineData(402, true)]
    [InlineData(503, true)]
    public async Task A_status_is_answered_after_charging(int status, bool hasBody)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: ("X-Demo-Status", $"{status}"));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(hasBody, (await answer.Content.ReadAsByteArrayAsync()).Length > 0);
        Assert.Equal(1, await shop.CountAsync());
    }

    [Theory]
    [InlineData(0, 0, 200)]
    [InlineData(1_000, 1_000, 1_000)]
    [InlineData(3_000_000, 3_000_000, 3_000_000)]
    public async Task A_size_fills_the_answer_up_with_a_receipt(int size, int least, int most)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", headers: ("X-Demo-Size", $"{size}"));

        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.InRange(body.Length, least, most);
        Assert.Equal("PAID", JsonDocument.Parse(body).RootElement.GetProperty("status").GetString());
        Assert.True(JsonDocument.Parse(body).RootElement.TryGetProperty("receipt", out _));
    }

    [Fact]
    public async Task Knobs_of_the_process_hold_for_every_request_until_they_are_reset()
    {
        await using var shop = await Shop.OpenAsync();
        (await shop.Client.PutAsJsonAsync("/knobs", new { fault = "refuse", delay = 0, status = (int?)null })).EnsureSuccessStatusCode().Dispose();

        using var refused = await shop.ConfirmAsync("order-1");
        Assert.Equal("""{"delay":0,"fault":"refuse"}""", await shop.Client.GetStringAsync("/knobs"));
        (await shop.Client.DeleteAsync("/knobs")).EnsureSuccessStatusCode().Dispose();
        using var accepted = await shop.ConfirmAsync("order-1");

        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        Assert.Equal("{}", await shop.Client.GetStringAsync("/knobs"));
    }

    [Fact]
    public async Task A_header_wins_over_the_knob_of_the_process()
    {
        await using var shop = await Shop.OpenAsync();
        (await shop.Client.PutAsJsonAsync("/knobs", new { fault = "refuse", status = 202 })).EnsureSuccessStatusCode().Dispose();

        using var answer = await shop.ConfirmAsync("order-1", headers: ("X-Demo-Fault", "none"));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Theory]
    [InlineData("""{ "delai": 10 }""", "delai is no knob")]
    [InlineData("""{ "delay": 10, "fault": "fire" }""", "fault takes one of")]
    [InlineData("""{ "delay": 1.5 }""", "delay takes a whole number")]
    [InlineData("""{ "delay": {} }""", "delay takes a whole number")]
    [InlineData("[ 10 ]", "must be a JSON object")]
    [InlineData("{", "must be a JSON object")]
    public async Task A_wrong_knob_of_the_process_is_refused_and_changes_nothing(string body, string message)
    {
        await using var shop = await Shop.OpenAsync();
        (await shop.Client.PutAsJsonAsync("/knobs", new { status = 202 })).EnsureSuccessStatusCode().Dispose();

        using var answer = await shop.SendAsync(HttpMethod.Put, "/knobs", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(message, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("""{"status":202}""", await shop.Client.GetStringAsync("/knobs"));
    }

    [Fact]
    public async Task A_stopping_shop_does_not_wait_for_delayed_answers()
    {
        var clock = new WatchedClock();
        await using var shop = await Shop.OpenAsync(clock);
        var answer = shop.ConfirmAsync("order-1", headers: ("X-Demo-Delay", "600000"));
        await clock.SomebodyWaits;

        await shop.StopAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => answer);
    }

    private static async Task<string> ReadUntilCutAsync(TcpClient client)
    {
        var received = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(received);
        }
        catch (IOException)
        {
            // Reset instead of closed: cut all the same.
        }

        return Encoding.ASCII.GetString(received.ToArray());
    }
}
