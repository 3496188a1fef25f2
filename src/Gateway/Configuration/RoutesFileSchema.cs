namespace Gateway.Configuration;

/// <summary>The JSON Schema of the routes file. <c>appsettings.routes.schema.json</c> beside this file, embedded: what is printed is what editors are given.</summary>
internal static class RoutesFileSchema
{
    public const string Name = "appsettings.routes.schema.json";

    public static async Task CopyToAsync(Stream target)
    {
        await using var schema = typeof(RoutesFileSchema).Assembly.GetManifestResourceStream(Name)!;
        await schema.CopyToAsync(target);
    }
}
