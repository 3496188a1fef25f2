namespace SampleBackend;

internal static class PaymentEndpoints
{
    /// <summary>The largest amount, and the most decimals. Within both, a decimal keeps every digit that was sent.</summary>
    private const decimal MostAmount = 1_000_000_000_000_000_000m;
    private const int MostDecimals = 4;

    public static void Map(IEndpointRouteBuilder app, Cashier cashier, Ledger ledger, Notes notes)
    {
        app.MapPost("/payments/{orderId}/confirm", (HttpContext context, string orderId) =>
            cashier.ServeAsync<Money>(context, Check, money =>
            {
                var charge = ledger.Add(orderId, money.Amount!.Value, money.Currency!);
                return Answer.Of(StatusCodes.Status200OK, new Receipt(orderId, "PAID", charge.ChargedAt));
            }));

        app.MapPost("/payments/{orderId}/refund", (HttpContext context, string orderId) =>
            cashier.ServeAsync<Money>(context, Check, money =>
            {
                var charge = ledger.Add(orderId, -money.Amount!.Value, money.Currency!);
                var location = $"/payments/{Uri.EscapeDataString(orderId)}";
                return Answer.Of(StatusCodes.Status201Created, new Receipt(orderId, "REFUNDED", charge.ChargedAt), location);
            }));

        app.MapPatch("/payments/{orderId}", (HttpContext context, string orderId) =>
            cashier.ServeAsync<NoteBody>(context, Check, body =>
            {
                notes.Add(orderId, body.Note!);
                return new Answer(StatusCodes.Status204NoContent, Body: null);
            }));

        app.MapGet("/payments/{orderId}", (string orderId) =>
        {
            var charges = ledger.Charges(orderId);
            var remarks = notes.Of(orderId);
            if (charges.Count == 0 && remarks.Count == 0)
            {
                return Answer.Failed(StatusCodes.Status404NotFound, "NOT_FOUND", "There is no such order.");
            }

            var status = charges.Count == 0 ? "OPEN" : charges[^1].Amount < 0 ? "REFUNDED" : "PAID";
            return Answer.Of(StatusCodes.Status200OK, new { orderId, status, charges, notes = remarks });
        });
    }

    private static Answer? Check(Money money)
    {
        if (money.Amount is not (> 0 and <= MostAmount) or { Scale: > MostDecimals })
        {
            return Answer.Rejected("BAD_AMOUNT", $"amount must be a number above 0 and up to {MostAmount}, with at most {MostDecimals} decimals.");
        }

        if (money.Currency is not { Length: 3 } currency || !currency.All(char.IsAsciiLetterUpper))
        {
            return Answer.Rejected("BAD_CURRENCY", "currency must be three capital letters, such as EUR.");
        }

        return null;
    }

    private static Answer? Check(NoteBody body) =>
        string.IsNullOrEmpty(body.Note) ? Answer.Rejected("BAD_NOTE", "note must be a text.") : null;

    private sealed record Money(decimal? Amount, string? Currency);

    private sealed record NoteBody(string? Note);

    /// <summary>One shape for payments and refunds, for the sake of old clients.</summary>
    private sealed record Receipt(string OrderId, string Status, DateTime PaidAt);
}
