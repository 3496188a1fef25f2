using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Gateway.Tests.SampleBackend;

public class PaymentTests
{
    [Fact]
    public async Task A_payment_is_charged_every_time_it_is_called()
    {
        await using var shop = await Shop.OpenAsync();

        foreach (var _ in Enumerable.Range(0, 3))
        {
            using var answer = await shop.ConfirmAsync("order-1", headers: ("Idempotency-Key", "the-same"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(3, await shop.CountAsync());
    }

    [Fact]
    public async Task A_payment_answers_with_the_order_its_status_and_the_time_in_utc()
    {
        await using var shop = await Shop.OpenAsync(new WatchedClock());

        using var answer = await shop.ConfirmAsync("order-1");

        Assert.Equal(
            """{"orderId":"order-1","status":"PAID","paidAt":"2026-01-02T03:04:05Z"}""",
            await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_refund_is_a_negative_charge_and_says_where_the_payment_is()
    {
        await using var shop = await Shop.OpenAsync();
        using var paid = await shop.ConfirmAsync("order 1");

        using var refund = await shop.SendAsync(HttpMethod.Post, "/payments/order 1/refund", """{ "amount": 9.90, "currency": "EUR" }""");

        Assert.Equal(HttpStatusCode.Created, refund.StatusCode);
        Assert.Equal("REFUNDED", (await refund.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString());
        Assert.Equal("40.00", (await shop.LedgerAsync()).GetProperty("total").GetRawText());
        var payment = await shop.Client.GetFromJsonAsync<JsonElement>(refund.Headers.Location);
        Assert.Equal(2, payment.GetProperty("charges").GetArrayLength());
    }

    [Fact]
    public async Task A_note_is_added_every_time_and_answered_without_a_body()
    {
        await using var shop = await Shop.OpenAsync();

        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var answer = await shop.SendAsync(HttpMethod.Patch, "/payments/order-1", """{ "note": "ring twice" }""");
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
        }

        var payment = await shop.Client.GetFromJsonAsync<JsonElement>("/payments/order-1");
        Assert.Equal("""["ring twice","ring twice"]""", payment.GetProperty("notes").GetRawText());
        Assert.Equal("OPEN", payment.GetProperty("status").GetString());
        Assert.Equal(0, await shop.CountAsync());
    }

    [Fact]
    public async Task An_order_that_nobody_paid_is_not_found()
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.Client.GetAsync("/payments/order-1");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("49.90")]
    [InlineData("0.0001")]
    [InlineData("9007199254740993")]
    [InlineData("1000000000000000000")]
    public async Task An_amount_keeps_every_digit(string amount)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", $$"""{ "amount": {{amount}}, "currency": "EUR" }""");

        var charge = (await shop.LedgerAsync()).GetProperty("charges")[0];
        Assert.Equal(amount, charge.GetProperty("amount").GetRawText());
    }

    [Theory]
    [InlineData("""{ "amount": 0, "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "amount": -1, "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "amount": 1.00001, "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "amount": 1000000000000000001, "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "amount": 1.00000000000000000000000000000000000001, "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "currency": "EUR" }""", "BAD_AMOUNT")]
    [InlineData("""{ "amount": 1, "currency": "eur" }""", "BAD_CURRENCY")]
    [InlineData("""{ "amount": 1, "currency": "EURO" }""", "BAD_CURRENCY")]
    [InlineData("""{ "amount": 1 }""", "BAD_CURRENCY")]
    [InlineData("""{ "amount": "1", "currency": "EUR" }""", "BAD_REQUEST")]
    [InlineData("""{ "amount": 1, "currency": "EUR" """, "BAD_REQUEST")]
    [InlineData("[]", "BAD_REQUEST")]
    [InlineData("null", "BAD_REQUEST")]
    [InlineData("", "BAD_REQUEST")]
    public async Task A_body_that_is_wrong_is_told_so_and_not_charged(string body, string error)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.ConfirmAsync("order-1", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(error, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString());
        Assert.Equal(0, await shop.CountAsync());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "note": "" }""")]
    [InlineData("""{ "note": 1 }""")]
    public async Task A_note_without_text_is_refused(string body)
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.SendAsync(HttpMethod.Patch, "/payments/order-1", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_front_page_names_every_knob_and_fault()
    {
        await using var shop = await Shop.OpenAsync();

        var page = await shop.Client.GetStringAsync("/");

        Assert.All(global::SampleBackend.Knobs.All, knob => Assert.Matches($@"{knob.Header} +{knob.Name} ", page));
        Assert.All(Enum.GetNames<global::SampleBackend.Fault>(), fault => Assert.Contains($" {fault.ToLowerInvariant()}", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_says_that_it_is_well()
    {
        await using var shop = await Shop.OpenAsync();

        using var answer = await shop.Client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
