using FsCheck;
using FsCheck.Fluent;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.Model;

/// <summary>One verb after the other.</summary>
public abstract partial class StoreModelContract
{
    [ServerFact]
    public async Task A_walk_through_verbs_claims_and_time_is_answered_as_the_model_answers()
    {
        var (all, seen) = (Situations.All(ForgetsByItself), new HashSet<string>());

        var anyWalk = Walk.Any(look: ForgetsByItself ? new Verb.Count() : new Verb.Sweep(3));

        // Once is nearly always enough to have been everywhere.
        for (var round = 0; round < 5 && !seen.IsSupersetOf(all); round++)
        {
            // On a thread of its own: FsCheck waits for each walk without giving the thread back.
            await Task.Run(() => Check.One(Configuration(Walks), Prop.ForAll(anyWalk, walk => TakeAsync(walk, seen).GetAwaiter().GetResult())));
        }

        Assert.Equal(all.Order(), seen.Order());
    }

    private async Task TakeAsync(Walk walk, HashSet<string> seen)
    {
        await EmptyAsync();
        var state = ModelState.Empty;
        var steps = new List<string>();
        foreach (var verb in walk.Verbs)
        {
            var (after, expected) = StoreModel.Step(state, verb, ForgetsByItself);
            var actual = await AskAsync(verb, gateway: verb is Verb.WithClaim with ? with.Claim : steps.Count);
            steps.Add($"{Environment.NewLine}{steps.Count + 1,4}. {verb} -> {actual}");
            Assert.True(actual == expected, $"The last of these steps was answered wrongly:{string.Concat(steps)}{Environment.NewLine}The model says: {expected}");

            seen.Add(Situations.Of(state, verb, actual));
            state = after;
        }

        Assert.Null(await FindLeftoversAsync());
    }
}
