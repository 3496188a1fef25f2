using System.Text.Json;

namespace SampleBackend;

internal static class KnobEndpoints
{
    public static void Map(IEndpointRouteBuilder app, KnobPanel panel)
    {
        app.MapGet("/knobs", () => panel.Current);

        app.MapDelete("/knobs", () =>
        {
            panel.Current = new Knobs();
            return Results.NoContent();
        });

        // Sets all knobs: one that is not named is unset.
        app.MapPut("/knobs", async (HttpContext context) =>
        {
            if (await JsonBody.ReadAsync<Dictionary<string, JsonElement>>(context.Request) is not { } body)
            {
                return Answer.Rejected("BAD_REQUEST", "The body must be a JSON object.");
            }

            if (body.Keys.FirstOrDefault(name => Knobs.All.All(knob => knob.Name != name)) is { } unknown)
            {
                return Answer.Rejected("BAD_KNOB", $"{unknown} is no knob. There are {string.Join(", ", Knobs.All.Select(knob => knob.Name))}.");
            }

            if (!Knobs.TryRead(name => body.TryGetValue(name, out var value) ? TextOf(value) : null, out var knobs, out var problem))
            {
                return Answer.Rejected("BAD_KNOB", $"{problem}.");
            }

            panel.Current = knobs;
            return Results.Json(knobs);
        });
    }

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.ToString();
}
