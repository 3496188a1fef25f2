using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace Gateway.Tests.Project;

/// <summary>docker-compose.yml, merge keys and anchors resolved.</summary>
internal sealed class ComposeFile
{
    private readonly Dictionary<object, object> _root;

    private ComposeFile(Dictionary<object, object> root) => _root = root;

    public IReadOnlyDictionary<string, Service> Services =>
        Map(_root["services"]).ToDictionary(service => (string)service.Key, service => new Service(Map(service.Value)));

    public IEnumerable<string> Volumes => Map(_root["volumes"]).Keys.Cast<string>();

    public static ComposeFile Read() => new(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(
        new MergingParser(new Parser(new StringReader(Repository.Read("docker-compose.yml"))))));

    private static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;

    internal sealed class Service(Dictionary<object, object> members)
    {
        public IReadOnlyList<string> Profiles => List("profiles");

        public IReadOnlyList<string> Ports => List("ports");

        public IReadOnlyList<string> Command => List("command");

        public IReadOnlyList<string> Volumes => List("volumes");

        public string? Dockerfile => members.TryGetValue("build", out var build) ? (string)Map(build)["dockerfile"] : null;

        public IReadOnlyList<string> HealthTest => members.TryGetValue("healthcheck", out var check) ? [.. ((List<object>)Map(check)["test"]).Cast<string>()] : [];

        public IEnumerable<string> DependsOn => members.TryGetValue("depends_on", out var on) ? Map(on).Keys.Cast<string>() : [];

        public TimeSpan StopGracePeriod => members.TryGetValue("stop_grace_period", out var period) && (string)period is [.. var minutes, 'm']
            ? TimeSpan.FromMinutes(int.Parse(minutes, CultureInfo.InvariantCulture))
            : TimeSpan.FromSeconds(10); // Docker's default

        public IReadOnlyDictionary<string, string> Environment =>
            members.TryGetValue("environment", out var environment) ? Map(environment).ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value) : new Dictionary<string, string>();

        public bool Has(string member, string value) => members.TryGetValue(member, out var there) && (there is List<object> list ? list.Contains(value) : (string)there == value);

        private IReadOnlyList<string> List(string member) => members.TryGetValue(member, out var list) ? [.. ((List<object>)list).Cast<string>()] : [];
    }
}
