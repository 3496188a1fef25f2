using System.Text.Json.Nodes;
using Gateway.Management;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Gateway.Tests.Management;

/// <summary>The admin API's OpenAPI document.</summary>
public sealed class AdminApiDocumentTests
{
    [Fact]
    public async Task It_is_valid_and_names_every_call_that_is_mapped_and_nothing_else()
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);

        var read = OpenApiDocument.Parse(await admin.Client.GetStringAsync("/openapi/admin.json"), "json");

        Assert.NotNull(read.Diagnostic);
        Assert.Empty(read.Diagnostic.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        var mapped = gateway.Services.GetRequiredService<ManagementListener>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("admin/", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}"));
        var described = read.Document!.Paths.SelectMany(path => path.Value.Operations!.Keys.Select(method => $"{method} {path.Key}"));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.Equal(7, read.Document.Paths.Sum(path => path.Value.Operations!.Count));
        Assert.All(read.Document.Paths.SelectMany(path => path.Value.Operations!.Values), operation =>
        {
            Assert.False(string.IsNullOrEmpty(operation.OperationId));
            Assert.False(string.IsNullOrEmpty(operation.Summary));
        });
    }

    [Fact]
    public async Task It_tells_of_the_key_and_a_change_requires_what_it_requires()
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        var document = await admin.ReadAsync("/openapi/admin.json");
        Assert.Equal("X-Api-Key", (string?)document["components"]!["securitySchemes"]!["apiKey"]!["name"]);
        Assert.NotNull(document["security"]![0]!["apiKey"]);
        var schemas = document["components"]!["schemas"]!;
        Assert.Equal(["outcome", "reason", "version"], Required("RecordResolution"));
        Assert.Equal(["reason", "version"], Required("RecordChange"));
        Assert.Equal(["status"], Required("GivenAnswer"));
        Assert.Equal("integer", (string?)schemas["GivenAnswer"]!["properties"]!["status"]!["type"]);

        IEnumerable<string> Required(string schema) => schemas[schema]!["required"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/admin/nothing")]
    public async Task What_is_not_there_is_a_problem_as_well(string path)
    {
        await using var gateway = await TestGateway.StartAsync("http://localhost:1/");
        using var admin = new Admin(gateway);
        using var answer = await admin.Client.GetAsync(path);
        await answer.ShouldBeProblemAsync(404, "Not Found");
        using var wrong = await admin.Client.PutAsync("/admin/overview", null);
        await wrong.ShouldBeProblemAsync(405, "Method Not Allowed");
    }

    [Fact]
    public async Task Nothing_of_the_management_listener_is_on_the_public_one()
    {
        await using var backend = RawBackend.Start((connection, _) => connection.AnswerAsync("the backend"));
        await using var gateway = await TestGateway.StartAsync(backend.Address);
        foreach (var path in (string[])["/console", "/admin/records", "/metrics", "/health/ready", "/openapi/admin.json"])
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = gateway.Management.Authority } };
            using var answer = await gateway.Client.SendAsync(request);
            Assert.Equal("the backend", await answer.Content.ReadAsStringAsync());
        }
    }
}
