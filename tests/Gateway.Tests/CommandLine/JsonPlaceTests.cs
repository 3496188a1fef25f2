using System.Text.Json;
using Gateway.CommandLine;

namespace Gateway.Tests.CommandLine;

public sealed class JsonPlaceTests
{
    private const string File = """
        { "Idempotency": { "Policies": { "payments": { "Actor": [ "Shared" ] }, "a b": {}, "it's": {}, "7": {}, "a:b": { "Lease": 1 } } }, "list": [ [ { "x": 1 } ] ] }
        """;

    [Theory]
    [InlineData("Idempotency:Policies:payments:Actor:0", "$.Idempotency.Policies.payments.Actor[0]")]
    [InlineData("idempotency:POLICIES:payments:Lease", "$.Idempotency.Policies.payments.Lease")]
    [InlineData("Idempotency:Policies:a b:Lease", "$.Idempotency.Policies['a b'].Lease")]
    [InlineData("Idempotency:Policies:it's", "$.Idempotency.Policies['it\\'s']")]
    [InlineData("Idempotency:Policies:7:Lease", "$.Idempotency.Policies['7'].Lease")]
    [InlineData("Idempotency:Policies:a:b:Lease", "$.Idempotency.Policies['a:b'].Lease")]
    [InlineData("list:0:0:x", "$.list[0][0].x")]
    [InlineData("ReverseProxy:Routes:confirm-payment:Transforms:1:X", "$.ReverseProxy.Routes['confirm-payment'].Transforms[1].X")]
    public void A_place_in_the_configuration_is_a_path_into_the_file(string place, string expected) =>
        Assert.Equal(expected, new JsonPlace(JsonDocument.Parse(File).RootElement).Of(place));

    [Fact]
    public void Without_the_file_numbers_are_taken_for_positions() =>
        Assert.Equal("$.Idempotency.Policies.p.Actor[0]", new JsonPlace(null).Of("Idempotency:Policies:p:Actor:0"));
}
