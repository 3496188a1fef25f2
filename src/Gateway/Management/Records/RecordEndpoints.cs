using System.ComponentModel;
using Gateway.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Gateway.Management.Records;

/// <summary>The admin API's part that is about records.</summary>
internal static class RecordEndpoints
{
    private const int DefaultLimit = 50;

    public static void MapRecords(this RouteGroupBuilder admin)
    {
        admin.MapGet("/records", FindAsync).WithName("FindRecords").WithSummary("Finds records, a page at a time")
            .WithDescription($"Open records (in-flight, unknown) come oldest first, all others newest first; Redis keeps no order. A page looks at {RecordSearch.MaxExamined} records at most: behind an empty page with a cursor there may be more.")
            .ProducesProblem(400).ProducesProblem(503);
        admin.MapGet("/records/{id}", ShowAsync).WithName("ShowRecord").WithSummary("Shows one record: its life, its answer, what operators did with it")
            .ProducesProblem(404).ProducesProblem(503);
        admin.MapPost("/records/{id}/resolve", ResolveAsync).WithName("ResolveRecord").WithSummary("Says what became of an unknown record")
            .WithDescription("completed: it took effect, and every retry gets the answer that you give. released: it did not, and the next request with its key runs. Find out first: a record that is released wrongly pays twice.")
            .Produces<RecordDetailsView>().Produces(204).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        admin.MapDelete("/records/{id}", DeleteAsync).WithName("DeleteRecord").WithSummary("Removes a record that is not in flight")
            .WithDescription("The next request with its key runs, also where it has run before.")
            .Produces(204).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
    }

    private static async Task<Results<Ok<RecordPageView>, ProblemHttpResult>> FindAsync(
        RecordSearch search,
        [Description("in-flight, completed or unknown")] string? state,
        [Description("As the policy or the route names it.")] string? operation,
        [Description("The client's key, decoded.")] string? key,
        [Description("RFC 3339, such as 2026-11-25T02:00:00Z.")] DateTimeOffset? createdAfter,
        [Description("RFC 3339.")] DateTimeOffset? createdBefore,
        [Description("next of the page before")] string? cursor,
        [Description("1 to 500, default 50")] int? limit)
    {
        if (state is not null && RecordView.StateNamed(state) is null)
        {
            return Problem(400, "The state is none", "Write in-flight, completed or unknown.");
        }

        if (limit is < 1 or > RecordSearch.MaxLimit)
        {
            return Problem(400, "The limit is out of range", $"Write a number from 1 to {RecordSearch.MaxLimit}.");
        }

        try
        {
            var page = await search.FindAsync(new RecordFilter(RecordView.StateNamed(state), operation, key, createdAfter, createdBefore), cursor, limit ?? DefaultLimit);
            return TypedResults.Ok(new RecordPageView([.. page.Records.Select(RecordView.Of)], page.Next, page.Examined));
        }
        catch (FormatException)
        {
            return Problem(400, "The cursor cannot be read", "Send next of a page before with the same filter, or none.");
        }
    }

    private static async Task<Results<Ok<RecordDetailsView>, ProblemHttpResult>> ShowAsync(
        RecordSearch search,
        RecordDetails details,
        [Description("32 hexadecimal digits, or the 16 that logs have.")] string id,
        [Description("true: the answer's body as well, if the policy allows it.")] bool? body) =>
        await search.FindAsync(id) is { } record
            ? TypedResults.Ok(details.Of(record, body ?? false))
            : Problem(ChangeResult.NotFound(id));

    private static async Task<IResult> ResolveAsync(
        RecordChanges changes, RecordSearch search, RecordDetails details, HttpContext context, string id, [FromBody] RecordResolution resolution)
    {
        var result = await changes.ResolveAsync(id, resolution, context.User.Identity?.Name, Address(context));
        if (result.Status != 200)
        {
            return Problem(result);
        }

        try
        {
            return await search.FindAsync(RecordId.Of(result.Record!.Key)) is { } now ? TypedResults.Ok(details.Of(now, withBody: false)) : TypedResults.NoContent();
        }
        catch (Exception)
        {
            return TypedResults.NoContent(); // the change is made, and an error would say that it is not
        }
    }

    private static async Task<IResult> DeleteAsync(RecordChanges changes, HttpContext context, string id, [FromBody] RecordChange change)
    {
        var result = await changes.DeleteAsync(id, change, context.User.Identity?.Name, Address(context));
        return result.Status == 200 ? TypedResults.NoContent() : Problem(result);
    }

    public static string? Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();

    private static ProblemHttpResult Problem(ChangeResult result) => Problem(result.Status, result.Title, result.Detail);

    private static ProblemHttpResult Problem(int status, string title, string detail) => TypedResults.Problem(detail, statusCode: status, title: title);
}
