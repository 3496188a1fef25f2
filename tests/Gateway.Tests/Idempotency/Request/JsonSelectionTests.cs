namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonSelectionTests
{
    [Theory]
    [InlineData("/requestedAt", """{"amount":1,"requestedAt":"now"}""", """{"requestedAt":{"at":[1]},"amount":1}""")]
    [InlineData("/requestedAt", """{"amount":1,"requestedAt":"now"}""", """{"amount":1}""")]
    [InlineData("/meta/at", """{"meta":{"at":1,"by":2}}""", """{"meta":{"by":2,"at":3}}""")]
    [InlineData("/items/*/at", """{"items":[{"p":1,"at":1},{"p":2,"at":2}]}""", """{"items":[{"p":1},{"at":5,"p":2}]}""")]
    [InlineData("/items/1", """{"items":[1,2,3]}""", """{"items":[1,9,3]}""")]
    [InlineData("/1", "[1,2]", "[1]")]
    [InlineData("/*/x", """{"a":{"x":1},"b":{"x":2,"y":3}}""", """{"a":{},"b":{"x":{},"y":3}}""")]
    [InlineData("/*", """{"a":1}""", """{"b":[2]}""")]
    [InlineData("/*", """{"":1}""", "{}")]
    [InlineData("/a~1b", """{"a/b":1,"c":2}""", """{"a/b":3,"c":2}""")]
    [InlineData("/m~0n", """{"m~n":1,"c":2}""", """{"m~n":3,"c":2}""")]
    [InlineData("/~01", """{"~1":1,"c":2}""", """{"~1":3,"c":2}""")]
    [InlineData("/", """{"":1,"c":2}""", """{"":3,"c":2}""")]
    [InlineData("/a/", """{"a":{"":1}}""", """{"a":{"":2}}""")]
    [InlineData("/A", """{"\u0041":1,"c":2}""", """{"A":3,"c":2}""")]
    [InlineData("/é", """{"\u00e9":1,"c":2}""", """{"é":3,"c":2}""")]
    public void What_is_excluded_does_not_matter(string exclude, string one, string other)
    {
        Assert.NotNull(Canonical.Of(one, [], [exclude]));
        Assert.Equal(Canonical.Of(one, [], [exclude]), Canonical.Of(other, [], [exclude]));
    }

    [Theory]
    [InlineData("/requestedAt", """{"amount":1,"requestedAt":"now"}""", """{"amount":2,"requestedAt":"now"}""")]
    [InlineData("/requestedAt", """{"order":{"requestedAt":1}}""", """{"order":{"requestedAt":2}}""")]
    [InlineData("/requestedAt", """{"RequestedAt":1}""", """{"RequestedAt":2}""")]
    [InlineData("/requestedAt", """{"requestedAt ":1}""", """{"requestedAt ":2}""")]
    [InlineData("/meta/at", """{"meta":{"at":1}}""", "{}")]
    [InlineData("/meta/at", """{"meta":{"at":1}}""", """{"meta":[]}""")]
    [InlineData("/a.b", """{"a":{"b":1}}""", """{"a":{"b":2}}""")]
    [InlineData("/a/b", """{"a/b":1}""", """{"a/b":2}""")]
    [InlineData("/items/1", """{"items":[1,2,3]}""", """{"items":[1,3]}""")]
    [InlineData("/items/1", """{"items":[1,2,3]}""", """{"items":[3,2,1]}""")]
    [InlineData("/items/01", """{"items":[1,2,3]}""", """{"items":[1,9,3]}""")]
    [InlineData("/items/-", """{"items":[1,2]}""", """{"items":[1,2,3]}""")]
    [InlineData("/items/*/at", """{"items":[{"at":1}]}""", """{"items":[{"at":1},{"at":1}]}""")]
    [InlineData("/items/*/at", """{"items":{"a":{"p":1}}}""", """{"items":{"b":{"p":1}}}""")]
    [InlineData("/0", "[1,2]", "[2,1]")]
    [InlineData("/0", """{"0":1,"1":2}""", "[1,2]")]
    [InlineData("/a/b", """{"a":1}""", """{"a":2}""")]
    public void What_is_not_excluded_matters(string exclude, string one, string other)
    {
        Assert.NotNull(Canonical.Of(one, [], [exclude]));
        Assert.NotNull(Canonical.Of(other, [], [exclude]));
        Assert.NotEqual(Canonical.Of(one, [], [exclude]), Canonical.Of(other, [], [exclude]));
    }

    [Theory]
    [InlineData("/amount", """{"amount":1,"note":"a"}""", """{"note":["b"],"amount":1.0}""")]
    [InlineData("/amount", """{"amount":1,"note":"a"}""", """{"amount":1}""")]
    [InlineData("/a/b", """{"a":{"b":1,"c":2}}""", """{"x":[],"a":{"c":3,"b":1}}""")]
    [InlineData("/a/b", """{"a":{"c":2}}""", "{}")]
    [InlineData("/a/b", """{"a":{"c":2}}""", """{"a":{}}""")]
    [InlineData("/a/b", """{"a":1}""", """{"a":[]}""")]
    [InlineData("/a/b", """{"a":1}""", """{"c":{"b":1}}""")]
    [InlineData("/a/b", "1", "[2]")]
    [InlineData("/items/*/id", """{"items":[{"id":1,"at":1},{"id":2}]}""", """{"items":[{"id":1},{"id":2,"at":9}],"x":1}""")]
    [InlineData("/items/*/id", """{"items":[{"id":1},{"x":2}]}""", """{"items":[{"id":1}]}""")]
    [InlineData("/items/*/id", """{"items":[{"id":1},2]}""", """{"items":[{"id":1},[]]}""")]
    [InlineData("/items/0", """{"items":[1,2,3]}""", """{"items":[1]}""")]
    [InlineData("/items/1", """{"items":[1,2,3]}""", """{"items":[7,2]}""")]
    public void What_is_not_included_does_not_matter(string include, string one, string other)
    {
        Assert.NotNull(Canonical.Of(one, [include], []));
        Assert.Equal(Canonical.Of(one, [include], []), Canonical.Of(other, [include], []));
    }

    [Theory]
    [InlineData("/amount", """{"amount":1}""", """{"amount":2}""")]
    [InlineData("/amount", """{"amount":null}""", "{}")]
    [InlineData("/amount", """{"amount":{}}""", "{}")]
    [InlineData("/amount", """{"amount":[]}""", "{}")]
    [InlineData("/a/b", """{"a":{"b":1}}""", """{"a":{}}""")]
    [InlineData("/a/b", """{"a":{"b":1}}""", """{"b":1}""")]
    [InlineData("/a/b", """{"a":{"b":1}}""", """{"a":{"b":{"c":1}}}""")]
    [InlineData("/a/0", """{"a":[1]}""", """{"a":{"0":1}}""")]
    [InlineData("/items/*/id", """{"items":[{"id":1},{"id":2}]}""", """{"items":[{"id":2},{"id":1}]}""")]
    [InlineData("/items/*/id", """{"items":[{"id":1},{"x":2}]}""", """{"items":[{"x":2},{"id":1}]}""")]
    [InlineData("/items/*/id", """{"items":[{"id":1}]}""", """{"items":[[{"id":1}]]}""")]
    [InlineData("/*/id", """{"a":{"id":1}}""", """{"b":{"id":1}}""")]
    public void What_is_included_matters(string include, string one, string other)
    {
        Assert.NotNull(Canonical.Of(one, [include], []));
        Assert.NotNull(Canonical.Of(other, [include], []));
        Assert.NotEqual(Canonical.Of(one, [include], []), Canonical.Of(other, [include], []));
    }

    [Fact]
    public void Exclude_takes_away_from_what_is_included()
    {
        string[] include = ["/payment"];
        string[] exclude = ["/payment/at", "/payment/lines/*/at"];
        var first = Canonical.Of("""{"payment":{"amount":1,"at":1,"lines":[{"p":1,"at":1}]},"x":1}""", include, exclude);

        Assert.NotNull(first);
        Assert.Equal(first, Canonical.Of("""{"x":2,"payment":{"at":2,"lines":[{"at":2,"p":1}],"amount":1}}""", include, exclude));
        Assert.NotEqual(first, Canonical.Of("""{"payment":{"amount":2,"at":1,"lines":[{"p":1,"at":1}]},"x":1}""", include, exclude));
        Assert.NotEqual(first, Canonical.Of("""{"payment":{"amount":1,"at":1,"lines":[{"p":2,"at":1}]},"x":1}""", include, exclude));
    }

    [Fact]
    public void What_is_both_included_and_excluded_does_not_matter() =>
        Assert.Equal(Canonical.Of("""{"a":1,"b":2}""", ["/a", "/b"], ["/a"]), Canonical.Of("""{"b":2}""", ["/a", "/b"], ["/a"]));

    [Fact]
    public void An_include_inside_of_what_is_excluded_does_not_bring_it_back() =>
        Assert.Equal(Canonical.Of("""{"a":{"b":1},"c":1}""", ["/a/b", "/c"], ["/a"]), Canonical.Of("""{"a":{"b":2},"c":1}""", ["/a/b", "/c"], ["/a"]));

    [Fact]
    public void A_wildcard_stands_beside_a_name()
    {
        string[] exclude = ["/*/at", "/a/by"];

        Assert.Equal(Canonical.Of("""{"a":{"at":1,"by":1,"p":1}}""", [], exclude), Canonical.Of("""{"a":{"at":2,"by":2,"p":1}}""", [], exclude));
        Assert.NotEqual(Canonical.Of("""{"b":{"by":1}}""", [], exclude), Canonical.Of("""{"b":{"by":2}}""", [], exclude));
    }

    [Fact]
    public void A_wildcard_stands_for_a_member_whose_name_is_a_star() =>
        Assert.Equal(Canonical.Of("""{"*":1,"b":2}""", [], ["/*"]), Canonical.Of("{}", [], ["/*"]));
}
