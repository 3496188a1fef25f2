using Gateway.Stores;

namespace Gateway.Tests.Stores.Model;

/// <summary>Histories whose verdict is known.</summary>
public sealed class LinearizabilityTests
{
    private const string Claimed = "Claimed, created at 0";
    private const string InFlight = "InFlight, created at 0, fingerprint 0, 1 left";

    [Fact]
    public void Calls_one_after_the_other_are_explained_by_their_order()
    {
        Call[] calls =
        [
            new(0, Begin(0), 1, 2, Claimed),
            new(1, Begin(1), 3, 4, InFlight),
            new(0, new Verb.Complete(0, 0, 7), 5, 6, "true"),
            new(1, Begin(1), 7, 8, "Completed, created at 0, fingerprint 0, answer 7"),
        ];

        Assert.Equal(calls, Linearizability.Explain(calls, null, 0));
    }

    [Fact]
    public void Calls_at_once_may_have_happened_in_either_order()
    {
        Call first = new(0, Begin(0), 1, 3, InFlight), second = new(1, Begin(1), 2, 4, Claimed);

        Assert.Equal([second, first], Linearizability.Explain([first, second], null, 0));
    }

    [Fact]
    public void A_call_that_returned_before_another_began_cannot_have_happened_after_it() =>
        Assert.Null(Linearizability.Explain([new(0, Begin(0), 1, 2, InFlight), new(1, Begin(1), 3, 4, Claimed)], null, 0));

    [Fact]
    public void Of_two_begins_at_once_not_both_claim() =>
        Assert.Null(Linearizability.Explain([new(0, Begin(0), 1, 3, Claimed), new(1, Begin(1), 2, 4, Claimed)], null, 0));

    [Fact]
    public void Two_begins_claim_when_a_release_fits_between_them()
    {
        Call[] calls = [new(0, Begin(0), 1, 4, Claimed), new(1, Begin(1), 2, 5, Claimed), new(2, new Verb.Release(0, 0), 3, 6, "true")];

        Assert.Equal([calls[0], calls[2], calls[1]], Linearizability.Explain(calls, null, 0));
    }

    [Fact]
    public void A_release_that_had_returned_before_the_claim_explains_nothing() =>
        Assert.Null(Linearizability.Explain([new(2, new Verb.Release(0, 0), 1, 2, "true"), new(0, Begin(0), 3, 5, Claimed), new(1, Begin(1), 4, 6, Claimed)], null, 0));

    [Fact]
    public void An_answer_that_was_seen_is_not_unseen_again()
    {
        var completed = new ModelRecord(RecordState.InFlight, 0, 0, 0, 1, 9);
        Call complete = new(0, new Verb.Complete(0, 0, 3), 1, 6, "true");
        Call seen = new(1, new Verb.FindCompleted(0), 2, 3, "Completed, created at 0, fingerprint 0, answer 3");
        Call unseen = new(1, new Verb.FindCompleted(0), 4, 5, "nothing");

        Assert.Null(Linearizability.Explain([complete, seen, unseen], completed, 0));
        Assert.NotNull(Linearizability.Explain([complete, seen with { Invoked = 4, Returned = 5 }, unseen with { Invoked = 2, Returned = 3 }], completed, 0));
    }

    [Fact]
    public void Of_a_late_answer_and_a_take_over_at_once_one_loses()
    {
        var unknown = new ModelRecord(RecordState.Unknown, 0, 0, 0, 0, 9);
        Call late = new(0, new Verb.Complete(0, 0, 3), 1, 4, "true");
        Call takeOver = new(1, Begin(1) with { TakeOver = true }, 2, 3, Claimed);

        Assert.Null(Linearizability.Explain([late, takeOver], unknown, 0));
        Assert.NotNull(Linearizability.Explain([late with { Answer = "false" }, takeOver], unknown, 0));
        Assert.NotNull(Linearizability.Explain([late, takeOver with { Answer = "Completed, created at 0, fingerprint 0, answer 3" }], unknown, 0));
    }

    [Fact]
    public void Many_calls_at_once_without_an_explanation_are_given_up_soon()
    {
        // Twelve repetitions can stand in any order, 479 million of them; after the same set of them the state is the same.
        var calls = Enumerable.Range(0, 12).Select(i => new Call(i, Begin(0), i, 100 + i, Claimed)).Append(new(12, Begin(1), 50, 99, Claimed)).ToList();

        Assert.Null(Linearizability.Explain(calls, new ModelRecord(RecordState.InFlight, 0, 0, 0, 1, 9), 0));
    }

    private static Verb.Begin Begin(int claim) => new(0, claim, 0, 1, 9, TakeOver: false);
}
