using System.Xml;
using Gateway.Configuration;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;

namespace Gateway.Management.Specification;

/// <summary>
/// The specification that a server publishes (draft-ietf-httpapi-idempotency-key-header-07, section 2.5), made of the configuration in force. It
/// tells what a client sees anyway: paths, methods, header names, limits. Backends, stores, policies and hosts are not in it.
/// </summary>
internal sealed class SpecificationDocument(GatewaySettings settings, IRouteTable routes, PolicyCatalog policies)
{
    private const string Draft = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07";

    public SpecificationView Now()
    {
        var operations = routes.With(policies.Current)
            .Where(pair => pair.Policy.Mode != PolicyMode.Off)
            .GroupBy(pair => (pair.Operation, pair.Policy))
            .OrderBy(operation => operation.Key.Operation, StringComparer.Ordinal)
            .Select(operation => Of(operation.Key.Operation, operation.Key.Policy, operation.Select(pair => pair.Route)));
        return new SpecificationView(
            "Idempotency keys",
            Draft,
            [.. operations],
            [.. ProblemCatalog.All.Select(problem => new AnswerSpecification(
                problem.Code, $"{settings.SpecificationPath}#{problem.Code}", problem.Statuses, problem.Title, problem.When, problem.Cure, problem.Retryable))]);
    }

    private static OperationSpecification Of(string operation, IdempotencyPolicy policy, IEnumerable<RouteEntry> routes) => new(
        operation,
        policy.Mode == PolicyMode.Enforce,
        [.. routes.Select(route => new PathSpecification(route.Match.Path ?? "/{**all}", [.. Methods(policy, route)])).Where(path => path.Methods.Count > 0)],
        new KeySpecification(
            policy.Key.Header, policy.Key.Aliases, policy.Key.Member?.ToString(), policy.Key.Required, policy.Key.Format.Description, policy.Key.MinLength, policy.Key.MaxLength,
            policy.Key.Scope == KeyScope.Path ? "path" : "operation"),
        [.. policy.Actor.Sources.Select(source => source.Kind switch
        {
            ActorKind.Header => $"the header {source.Name}",
            ActorKind.Claim => $"the claim {source.Name}",
            _ => "the client certificate",
        })],
        XmlConvert.ToString(policy.Retention),
        (long)policy.Retention.TotalSeconds,
        new FingerprintSpecification([.. Covered(policy.Fingerprint)]),
        policy.MaxRequestBodySize,
        policy.RetainBody,
        policy.OutcomeUnknown == OutcomeUnknownBehaviour.Retry ? "retry" : "hold",
        policy.ErrorFormat.ToString(),
        policy.RefusalStatusCodes,
        [.. policy.ReleaseStatusCodes.Order()]);

    private static IEnumerable<string> Methods(IdempotencyPolicy policy, RouteEntry route) => policy.Methods
        .Where(method => route.Match.Methods.Count == 0 || route.Match.Methods.Contains(method, StringComparer.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Covered(FingerprintRules rules)
    {
        yield return rules.Query ? "method, path and query" : "method and path";
        if (rules.MediaType || rules.Headers.Count > 0)
        {
            var headers = $"the headers {string.Join(", ", rules.Headers)}";
            yield return rules.Headers.Count == 0 ? "the media type" : rules.MediaType ? $"the media type and {headers}" : headers;
        }

        if (rules.Body == BodyReading.None)
        {
            yield break;
        }

        var selection = rules.Selection;
        var parts = selection switch
        {
            { Include.Count: > 0, Exclude.Count: > 0 } => $", only {string.Join(", ", selection.Include)}, without {string.Join(", ", selection.Exclude)}",
            { Include.Count: > 0 } => $", only {string.Join(", ", selection.Include)}",
            { Exclude.Count: > 0 } => $", without {string.Join(", ", selection.Exclude)}",
            _ => "",
        };
        yield return rules.Body switch
        {
            BodyReading.Raw => "the body, byte for byte",
            BodyReading.Json => $"the body as JSON (the order of members, white space and the spelling of numbers do not matter){parts}",
            BodyReading.Multipart => $"the body by its parts (the boundary does not matter){parts}",
            BodyReading.Form => $"the body as a form (escapes and the order of names do not matter){parts}",
            _ => $"the body; JSON as JSON (the order of members, white space and the spelling of numbers do not matter){parts}, multipart/form-data by its parts, anything else byte for byte",
        };
    }
}
