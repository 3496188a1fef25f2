using System.Text.Json;

namespace Gateway.Tests.SampleBackend;

public sealed class LedgerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ledger-{Guid.NewGuid():N}.jsonl");

    [Fact]
    public async Task The_ledger_shows_count_total_and_charges()
    {
        await using var shop = await Shop.OpenAsync(new WatchedClock());
        using var first = await shop.ConfirmAsync("order-1");
        using var second = await shop.ConfirmAsync("order-2", """{ "amount": 0.10, "currency": "CHF" }""");

        var ledger = await shop.LedgerAsync();

        Assert.Equal(
            """{"count":2,"total":50.00,"charges":["""
            + """{"id":1,"orderId":"order-1","amount":49.90,"currency":"EUR","chargedAt":"2026-01-02T03:04:05Z"},"""
            + """{"id":2,"orderId":"order-2","amount":0.10,"currency":"CHF","chargedAt":"2026-01-02T03:04:05Z"}]}""",
            ledger.GetRawText());
    }

    [Fact]
    public async Task The_ledger_can_be_asked_for_one_order()
    {
        await using var shop = await Shop.OpenAsync();
        using var first = await shop.ConfirmAsync("order-1");
        using var second = await shop.ConfirmAsync("order-2");

        var ledger = await shop.LedgerAsync("?orderId=order-2");

        Assert.Equal(1, ledger.GetProperty("count").GetInt32());
        Assert.Equal("order-2", ledger.GetProperty("charges")[0].GetProperty("orderId").GetString());
    }

    [Fact]
    public async Task No_charge_is_missed_when_many_come_at_once()
    {
        await using var shop = await Shop.OpenAsync(ledgerPath: _path);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => shop.ConfirmAsync("order-1")));

        Assert.All(answers, answer => answer.EnsureSuccessStatusCode().Dispose());
        var ids = (await shop.LedgerAsync()).GetProperty("charges").EnumerateArray().Select(charge => charge.GetProperty("id").GetInt64());
        Assert.Equal(Enumerable.Range(1, 40).Select(id => (long)id), ids);
    }

    [Fact]
    public async Task An_emptied_ledger_stays_empty_and_its_ids_are_not_used_again()
    {
        await using var shop = await Shop.OpenAsync(ledgerPath: _path);
        using var first = await shop.ConfirmAsync("order-1");

        (await shop.Client.DeleteAsync("/ledger")).EnsureSuccessStatusCode().Dispose();

        Assert.Equal(0, await shop.CountAsync());
        using var second = await shop.ConfirmAsync("order-1");
        Assert.Equal(2, (await shop.LedgerAsync()).GetProperty("charges")[0].GetProperty("id").GetInt64());
        Assert.Single(await LinesAsync());
    }

    [Fact]
    public async Task A_charge_is_in_the_file_before_it_is_answered()
    {
        var clock = new WatchedClock();
        await using var shop = await Shop.OpenAsync(clock, _path);

        var answer = shop.ConfirmAsync("order-1", headers: ("X-Demo-Delay", "1000"));
        await clock.SomebodyWaits;

        Assert.Single(await LinesAsync());
        Assert.False(answer.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await answer).Dispose();
    }

    [Fact]
    public async Task A_ledger_with_a_file_outlives_the_process()
    {
        string before;
        await using (var shop = await Shop.OpenAsync(ledgerPath: _path))
        {
            using var first = await shop.ConfirmAsync("order-1");
            using var second = await shop.ConfirmAsync("order-2", """{ "amount": 9007199254740993, "currency": "JPY" }""");
            before = (await shop.LedgerAsync()).GetRawText();
        }

        await using var reopened = await Shop.OpenAsync(ledgerPath: _path);
        Assert.Equal(before, (await reopened.LedgerAsync()).GetRawText());

        using var third = await reopened.ConfirmAsync("order-3");
        Assert.Equal(3, (await reopened.LedgerAsync()).GetProperty("charges")[2].GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task A_line_that_was_cut_by_a_crash_does_not_stop_the_next_start()
    {
        await using (var shop = await Shop.OpenAsync(ledgerPath: _path))
        {
            using var first = await shop.ConfirmAsync("order-1");
        }

        await File.AppendAllTextAsync(_path, """{"id":2,"orderId":"order""");

        await using var reopened = await Shop.OpenAsync(ledgerPath: _path);
        Assert.Equal(1, await reopened.CountAsync());
        using var second = await reopened.ConfirmAsync("order-2");
        Assert.Equal([1, 2], (await LinesAsync()).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetInt32()));
    }

    [Fact]
    public async Task A_ledger_that_cannot_be_read_stops_the_start()
    {
        await File.WriteAllTextAsync(_path, "this is no ledger\n");

        await Assert.ThrowsAnyAsync<JsonException>(() => Shop.OpenAsync(ledgerPath: _path));
    }

    public void Dispose() => File.Delete(_path);

    private async Task<string[]> LinesAsync()
    {
        // The shop has the file open for writing; File.ReadAllLines would not share it.
        await using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
