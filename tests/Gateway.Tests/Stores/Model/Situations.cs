using Gateway.Stores;

namespace Gateway.Tests.Stores.Model;

/// <summary>What a verb can meet: the walks have to have been in all of them.</summary>
internal static class Situations
{
    private static readonly string[] Begins = ["Begin", "Begin to take over", "Begin to take over with another fingerprint"];
    private static readonly string[] Others = ["Renew", "Complete", "MarkUnknown", "Release", "Resolve", "Free", "Delete"];

    public static HashSet<string> All(bool forgetsByItself)
    {
        string[] states = ["InFlight", "Lapsed", "Unknown", "Completed", .. forgetsByItself ? [] : new[] { "Expired" }];
        return
        [
            .. from verb in Begins.Take(2).Concat(Others).Append("FindCompleted") select $"{verb} on None",
            .. from verb in Begins.Concat(Others) from state in states from claim in (string[])["own", "other"] select $"{verb} on {state} with the {claim} claim",
            .. from state in states select $"FindCompleted on {state}",
            "Jump", "Count: 0 there", "Count: 1 there", "Count: 2 there", "Sweep: 0 removed",
            .. forgetsByItself ? [] : new[] { "Sweep: 1 removed", "Sweep: 2 removed" },
        ];
    }

    public static string Of(ModelState state, Verb verb, string answer)
    {
        var name = verb.GetType().Name;
        if (verb is not Verb.OnRecord(var key))
        {
            return verb is Verb.Jump ? name : $"{name}: {answer}";
        }

        var record = state.Records.GetValueOrDefault(key);
        if (verb is Verb.Begin { TakeOver: true } begin)
        {
            name += record is null || record.Fingerprint == begin.Fingerprint ? " to take over" : " to take over with another fingerprint";
        }

        var met = record switch
        {
            null => "None",
            _ when StoreModel.IsExpired(record, state.Now) => "Expired",
            { State: RecordState.InFlight } when record.Until <= state.Now => "Lapsed",
            _ => record.State.ToString(),
        };
        return record is not null && verb is Verb.WithClaim with ? $"{name} on {met} with the {(with.Claim == record.Claim ? "own" : "other")} claim" : $"{name} on {met}";
    }
}
