namespace SampleBackend;

/// <summary>Serves one write, always in the same order: knobs, body, wait, act, wait, answer.</summary>
internal sealed class Cashier(KnobPanel panel, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <param name="context">The request.</param>
    /// <param name="check">Says what is wrong with the body, or null.</param>
    /// <param name="act">Moves the money, and answers.</param>
    public async Task ServeAsync<TBody>(HttpContext context, Func<TBody, Answer?> check, Func<TBody, Answer> act)
        where TBody : class
    {
        if (!Knobs.TryRead(context.Request.Headers, out var own, out var problem))
        {
            await Answer.Rejected("BAD_KNOB", $"{problem}.").SendAsync(context.Response);
            return;
        }

        var body = await JsonBody.ReadAsync<TBody>(context.Request);
        var rejection = body is null ? Answer.Rejected("BAD_REQUEST", "The body is not the JSON object that is expected.") : check(body);
        if (rejection is not null)
        {
            await rejection.SendAsync(context.Response);
            return;
        }

        var knobs = own.Over(panel.Current);
        try
        {
            await WaitAsync(knobs.DelayBefore);

            var answer = knobs.Fault == Fault.Refuse
                ? Answer.Failed(knobs.Status is >= 400 and var status ? status : StatusCodes.Status500InternalServerError, "REFUSED", "Out of order. Nothing was charged.")
                : act(body!).With(knobs);

            await WaitAsync(knobs.Delay);

            await SendAsync(context, answer, knobs.Fault ?? Fault.None);
        }
        catch (OperationCanceledException)
        {
            context.Abort(); // The process stops: whoever is still waiting gets no answer.
        }
    }

    private static async Task SendAsync(HttpContext context, Answer answer, Fault fault)
    {
        switch (fault)
        {
            case Fault.None or Fault.Refuse:
                await answer.SendAsync(context.Response);
                break;

            case Fault.Error:
                await Answer.Failed(StatusCodes.Status500InternalServerError, "ERROR", "Something went wrong.").SendAsync(context.Response);
                break;

            // Kestrel ends the connection by itself when less was written than was announced, and delivers what was written.
            // Abort would often throw that part away with the connection.
            case Fault.Truncate when answer.Body is not null:
                await answer.SendAsync(context.Response, onlyHalf: true);
                break;

            // An answer without a body cannot be cut within it.
            case Fault.Reset or Fault.Truncate:
                context.Abort();
                break;
        }
    }

    // Not RequestAborted: a client that hangs up does not stop what it has set going. That is how money moves unseen.
    private Task WaitAsync(int? milliseconds) =>
        milliseconds is > 0 and var ms
            ? Task.Delay(TimeSpan.FromMilliseconds(ms), clock, lifetime.ApplicationStopping)
            : Task.CompletedTask;
}
