namespace SampleBackend;

internal static class LedgerEndpoints
{
    public static void Map(IEndpointRouteBuilder app, Ledger ledger, Notes notes)
    {
        app.MapGet("/ledger", (string? orderId) =>
        {
            var charges = ledger.Charges(orderId);
            return new { charges.Count, Total = charges.Sum(charge => charge.Amount), Charges = charges };
        });

        app.MapDelete("/ledger", () =>
        {
            ledger.Clear();
            notes.Clear();
            return Results.NoContent();
        });
    }
}
