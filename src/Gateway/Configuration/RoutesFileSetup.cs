using Microsoft.Extensions.Configuration.Json;

namespace Gateway.Configuration;

/// <summary>Finds the routes file and puts it in its place among the sources.</summary>
internal static class RoutesFileSetup
{
    public const string DefaultName = "appsettings.routes.json";

    /// <summary>
    /// <c>--routes</c>, else <c>GATEWAY_ROUTES</c>, else <c>appsettings.routes.json</c> in the working folder. It stands above
    /// the application's own JSON files and below environment variables and the command line, as ASP.NET Core users expect.
    /// </summary>
    /// <param name="ofAnyShape">For those who look at the shape themselves: it is loaded if it is JSON at all.</param>
    /// <returns>The file's full path.</returns>
    public static string AddRoutesFile(this ConfigurationManager configuration, bool ofAnyShape = false)
    {
        var file = new RoutesFile(configuration.RoutesFilePath(), ofAnyShape);
        IList<IConfigurationSource> sources = configuration.Sources;
        var lastJson = sources.Index().LastOrDefault(source => source.Item is JsonConfigurationSource, (-1, null!)).Index;
        sources.Insert(lastJson + 1, file);
        return file.FullPath;
    }

    public static string RoutesFilePath(this IConfiguration configuration) =>
        Path.GetFullPath(configuration["routes"] ?? configuration["GATEWAY_ROUTES"] ?? DefaultName);
}
