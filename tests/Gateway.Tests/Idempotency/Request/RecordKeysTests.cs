using Gateway.Idempotency.Request;

namespace Gateway.Tests.Idempotency.Request;

public sealed class RecordKeysTests
{
    private static readonly UInt128 Actor = new(0x1f5956879edbc3ef, 0x3a6a990b6deba931);

    [Fact]
    public void A_records_name_does_not_drift() => Assert.Equal(
        "24238506166639e4ea9ad4720477b86a",
        Hex.Of(RecordKeys.Of("confirm-payment", Actor, "8e03978e-40d5-43dd-bc93-6894a57f9324").Value));

    [Fact]
    public void Operation_actor_and_key_each_make_another_record()
    {
        UInt128[] records =
        [
            RecordKeys.Of("pay", Actor, "k").Value,
            RecordKeys.Of("refund", Actor, "k").Value,
            RecordKeys.Of("pay", Actor + 1, "k").Value,
            RecordKeys.Of("pay", Actor, "l").Value,
            RecordKeys.Of("Pay", Actor, "k").Value,
            RecordKeys.Of("pay", Actor, "K").Value,
        ];

        Assert.Equal(records.Length, records.Distinct().Count());
    }

    [Fact]
    public void Operation_and_key_do_not_run_together()
    {
        Assert.NotEqual(RecordKeys.Of("ab", Actor, "c"), RecordKeys.Of("a", Actor, "bc"));
        Assert.NotEqual(RecordKeys.Of("ab", 0, ""), RecordKeys.Of("", 0, "ab"));
        Assert.NotEqual(RecordKeys.Of("a", 0, "\0\0\0"), RecordKeys.Of("a\0", 0, "\0\0"));
    }
}
