namespace Gateway.Tests.Idempotency.Request;

public sealed class JsonNumberTests
{
    [Theory]
    [InlineData("1", "1.0")]
    [InlineData("1", "1e0")]
    [InlineData("1", "1E+0")]
    [InlineData("1", "1e-0")]
    [InlineData("1", "10e-1")]
    [InlineData("1", "0.1e1")]
    [InlineData("1", "0.0001e4")]
    [InlineData("1", "1000e-3")]
    [InlineData("1", "1.000000000000000000000000000000000000000000")]
    [InlineData("-1.5", "-15e-1")]
    [InlineData("100", "1e2")]
    [InlineData("100", "1.00e2")]
    [InlineData("1e400", "10e399")]
    [InlineData("1e2", "1e0000000000000000000000000000000000000002")]
    [InlineData("1e-2", "1e-0000000000000000000000000000000000000002")]
    [InlineData("0", "-0")]
    [InlineData("0", "0.0")]
    [InlineData("0", "-0.000e7")]
    [InlineData("0", "0e999999")]
    [InlineData("1e999999999999999", "10e999999999999998")]
    [InlineData("49.90", "49.9")]
    public void Spellings_of_one_value_are_equal(string one, string other)
    {
        Assert.NotNull(Canonical.Of(one));
        Assert.Equal(Canonical.Of(one), Canonical.Of(other));
    }

    [Theory]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("0.1", "0.1000000000000000055511151231257827")]
    [InlineData("1e400", "1e401")]
    [InlineData("1e-400", "0")]
    [InlineData("1", "-1")]
    [InlineData("1", "10")]
    [InlineData("1", "0.1")]
    [InlineData("1", "\"1\"")]
    [InlineData("0", "false")]
    [InlineData("0", "null")]
    [InlineData("1", "true")]
    [InlineData("12", "21")]
    [InlineData("1.01", "1.1")]
    [InlineData("101", "11")]
    [InlineData("[1,2]", "[12]")]
    [InlineData("[1,0]", "[10]")]
    [InlineData("123456789012345678901234567890123456789.1", "123456789012345678901234567890123456789.2")]
    [InlineData("1e999999999999999999999", "1e999999999999999999998")]
    [InlineData("1e999999999999999999999", "1e-999999999999999999999")]
    [InlineData("1e9223372036854775807", "1e-9223372036854775808")]
    [InlineData("1e18446744073709551616", "1")]
    [InlineData("1e18446744073709551617", "10")]
    [InlineData("1e4294967296", "1")]
    public void Different_values_are_different(string one, string other)
    {
        Assert.NotNull(Canonical.Of(one));
        Assert.NotNull(Canonical.Of(other));
        Assert.NotEqual(Canonical.Of(one), Canonical.Of(other));
    }

    [Fact]
    public void An_exponent_beyond_any_machine_is_compared_by_its_spelling() =>
        Assert.Equal(Canonical.Of("[1e999999999999999999999]"), Canonical.Of(" [ 1e999999999999999999999 ] "));

    [Fact]
    public void A_number_of_a_hundred_thousand_digits_keeps_each()
    {
        var digits = new string('7', 100_000);

        Assert.Equal(Canonical.Of(digits), Canonical.Of($"0.{digits}e100000"));
        Assert.NotEqual(Canonical.Of(digits), Canonical.Of(digits[..^1] + "8"));
        Assert.NotEqual(Canonical.Of(digits), Canonical.Of(digits + "7"));
    }

    [Theory]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("-")]
    [InlineData("--1")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1_000")]
    [InlineData("1,000")]
    public void What_is_no_number_is_refused(string json) => Assert.Null(Canonical.Of(json));
}
