using Gateway.Configuration;
using Gateway.Idempotency.Policies;

namespace Gateway.Tests.Configuration;

/// <summary>The looks are taken by hand: the provider's own timer is stopped before its first one.</summary>
public sealed class RoutesFileProviderTests : IDisposable
{
    private const string Good = """{ "Idempotency": { "Store": "Memory" } } // first""";
    private const string Better = """{ "Idempotency": { "Store": "Sqlite", } }""";
    private const string Misshapen = """{ "ReverseProxy": { "Routes": { "r": { "Transform": [] } } } }""";

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"routes-{Guid.NewGuid():N}.json");
    private readonly RoutesFileProvider _provider;
    private readonly List<IReadOnlyList<ConfigurationFault>> _refused = [];
    private int _accepted;
    private int _reloads;

    public RoutesFileProviderTests()
    {
        _provider = new RoutesFileProvider(_path);
        _provider.Refused += _refused.Add;
        _provider.Accepted += () => _accepted++;
        _provider.GetReloadToken().RegisterChangeCallback(_ => _reloads++, null);
    }

    public void Dispose()
    {
        _provider.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void The_file_is_loaded_at_start()
    {
        Start(Good);

        AssertInForce("Memory");
        Assert.Equal(0, _accepted);
    }

    [Fact]
    public void A_file_that_is_missing_at_start_is_a_fault_with_its_path_and_a_cure()
    {
        var error = Assert.Throws<ConfigurationFaultException>(_provider.Load);

        var fault = Assert.Single(error.Faults);
        Assert.Equal(_path, fault.Place);
        Assert.StartsWith("cannot be read: ", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("--routes or GATEWAY_ROUTES", fault.Cure, StringComparison.Ordinal);
        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{} {}")]
    [InlineData("""{ "a": 1, "A": 2 }""")]
    public void A_file_that_is_not_json_at_start_is_a_fault_with_its_path_and_a_cure(string content)
    {
        File.WriteAllText(_path, content);

        var fault = Assert.Single(Assert.Throws<ConfigurationFaultException>(_provider.Load).Faults);

        Assert.Equal(_path, fault.Place);
        Assert.StartsWith("is not valid JSON: ", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("Correct the file", fault.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_misshapen_at_start_is_a_fault_at_the_place_in_it()
    {
        File.WriteAllText(_path, Misshapen);

        var fault = Assert.Single(Assert.Throws<ConfigurationFaultException>(_provider.Load).Faults);

        Assert.Equal("ReverseProxy:Routes:r:Transform", fault.Place);
    }

    [Fact]
    public void A_folder_in_place_of_the_file_is_a_fault()
    {
        Directory.CreateDirectory(_path);
        try
        {
            Assert.Single(Assert.Throws<ConfigurationFaultException>(_provider.Load).Faults);
        }
        finally
        {
            Directory.Delete(_path);
        }
    }

    [Fact]
    public void A_change_counts_once_the_content_has_stood_still_for_two_looks()
    {
        Start(Good);

        File.WriteAllText(_path, Better);
        _provider.Look();
        AssertInForce("Memory");
        Assert.Equal((0, 0), (_accepted, _reloads));

        _provider.Look();
        AssertInForce("Sqlite");
        Assert.Equal((1, 1), (_accepted, _reloads));

        _provider.Look();
        _provider.Look();
        Assert.Equal((1, 1), (_accepted, _reloads));
        Assert.Empty(_refused);
    }

    [Fact]
    public void A_file_that_is_written_in_steps_is_not_judged_half_written()
    {
        Start(Good);

        for (var length = 1; length < Better.Length; length++)
        {
            File.WriteAllText(_path, Better[..length]);
            _provider.Look();
        }

        File.WriteAllText(_path, Better);
        _provider.Look();
        Assert.Equal(0, _accepted);
        _provider.Look();

        Assert.Equal(1, _accepted);
        Assert.Empty(_refused);
        AssertInForce("Sqlite");
    }

    [Fact]
    public void A_key_that_is_gone_from_the_file_is_gone_from_the_configuration()
    {
        Start(Good);

        Write("{}");

        Assert.False(_provider.TryGet("Idempotency:Store", out _));
        Assert.Equal(1, _accepted);
    }

    [Fact]
    public void A_file_that_is_only_touched_is_not_reloaded()
    {
        Start(Good);

        Write(Good);
        _provider.Look();

        Assert.Equal((0, 0), (_accepted, _reloads));
        Assert.Empty(_refused);
    }

    [Theory]
    [InlineData("{ \"Idempotency\": ", "is not valid JSON")]
    [InlineData("", "is not valid JSON")]
    [InlineData(Misshapen, "is not a known key.")]
    [InlineData(null, "cannot be read")]
    public void A_bad_file_is_refused_once_and_leaves_the_last_good_content_in_force(string? content, string problem)
    {
        Start(Good);

        Write(content);
        _provider.Look();
        _provider.Look();

        var faults = Assert.Single(_refused);
        Assert.StartsWith(problem, Assert.Single(faults).Problem, StringComparison.Ordinal);
        AssertInForce("Memory");
        Assert.Equal((0, 0), (_accepted, _reloads));
    }

    [Theory]
    [InlineData("{ \"Idempotency\": ")]
    [InlineData(Misshapen)]
    [InlineData("")]
    [InlineData(null)]
    public void A_good_file_after_a_bad_one_is_accepted(string? bad)
    {
        Start(Good);
        Write(bad);

        Write(Better);

        AssertInForce("Sqlite");
        Assert.Equal((1, 1), (_accepted, _reloads));
        Assert.Single(_refused);
    }

    [Theory]
    [InlineData("{")]
    [InlineData(null)]
    public void The_content_in_force_that_comes_back_after_a_bad_one_is_accepted(string? bad)
    {
        Start(Good);
        Write(bad);

        Write(Good);

        AssertInForce("Memory");
        Assert.Equal(1, _accepted);
    }

    [Fact]
    public void Each_new_fault_is_reported()
    {
        Start(Good);

        Write("{");
        Write(Misshapen);
        Write("{");

        Assert.Equal(3, _refused.Count);
        AssertInForce("Memory");
    }

    [Fact]
    public void A_file_that_was_away_for_one_look_was_never_away()
    {
        Start(Good);

        File.Delete(_path);
        _provider.Look();
        Write(Good);
        _provider.Look();

        Assert.Empty(_refused);
        Assert.Equal(0, _accepted);
    }

    [Fact]
    public void A_file_with_a_byte_order_mark_is_read()
    {
        File.WriteAllBytes(_path, [0xEF, 0xBB, 0xBF, .. "{ \"Idempotency\": { \"Store\": \"Memory\" } }"u8]);

        _provider.Load();
        _provider.Dispose();

        AssertInForce("Memory");
    }

    [Theory]
    [MemberData(nameof(RoutesFileMutationTests.BadEncodings), MemberType = typeof(RoutesFileMutationTests))]
    public void Nothing_that_is_written_into_the_file_is_thrown_from_a_look(string what, byte[] content)
    {
        Start(Good);

        File.WriteAllBytes(_path, content);
        _provider.Look();
        _provider.Look();

        Assert.True(_accepted + _refused.Count == 1, what);
        Assert.All(_refused, Assert.NotEmpty);
        if (_refused.Count == 1)
        {
            AssertInForce("Memory");
        }
    }

    [Fact]
    public void A_relative_path_is_made_whole() =>
        Assert.Equal(Path.Combine(Directory.GetCurrentDirectory(), "x.json"), new RoutesFile("x.json").FullPath);

    private void Start(string content)
    {
        File.WriteAllText(_path, content);
        _provider.Load();
        _provider.Dispose();
    }

    /// <summary>Writes, or deletes, and looks until it counts.</summary>
    private void Write(string? content)
    {
        if (content is null)
        {
            File.Delete(_path);
        }
        else
        {
            File.WriteAllText(_path, content);
        }

        _provider.Look();
        _provider.Look();
    }

    private void AssertInForce(string store)
    {
        Assert.True(_provider.TryGet("Idempotency:Store", out var value));
        Assert.Equal(store, value);
    }
}
