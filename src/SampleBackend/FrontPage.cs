namespace SampleBackend;

internal static class FrontPage
{
    private const string Text =
        """
        The payments API of a small shop. It charges every time it is called and knows nothing of idempotency keys.

          POST   /payments/{orderId}/confirm   { "amount": 49.90, "currency": "EUR" }   charges
          POST   /payments/{orderId}/refund    { "amount": 49.90, "currency": "EUR" }   pays back
          PATCH  /payments/{orderId}           { "note": "leave at the door" }          adds a note
          GET    /payments/{orderId}
          GET    /ledger                       ?orderId= for one order; DELETE empties it
          GET    /health

        Knobs, for the three that write. Per request by header, for the whole process by PUT /knobs with JSON
        (GET shows them, DELETE resets them); a header wins.

          X-Demo-Delay         delay         milliseconds before answering, after charging
          X-Demo-Delay-Before  delayBefore   milliseconds before charging
          X-Demo-Fault         fault         refuse    500 (or the status that is set, from 400), nothing charged
                                             error     charged, then 500
                                             reset     charged, then the connection is cut without an answer
                                             truncate  charged, then the connection is cut within the body
                                             none
          X-Demo-Status        status        charged, then this status (200 to 599)
          X-Demo-Size          size          bytes of the answer's body, filled up with a "receipt"

        """;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", () => Text);
        app.MapGet("/health", () => new { Status = "OK" });
    }
}
