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
    /// <returns>The file's full path.</returns>
    public static string AddRoutesFile(this ConfigurationManager configuration)
    {
        var file = new RoutesFile(configuration["routes"] ?? configuration["GATEWAY_ROUTES"] ?? DefaultName);
        IList<IConfigurationSource> sources = configuration.Sources;
        var lastJson = sources.Index().LastOrDefault(source => source.Item is JsonConfigurationSource, (-1, null!)).Index;
        sources.Insert(lastJson + 1, file);
        return file.FullPath;
    }
}
