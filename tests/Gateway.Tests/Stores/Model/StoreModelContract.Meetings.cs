using FsCheck;
using FsCheck.Fluent;
using Gateway.Tests.Support;

namespace Gateway.Tests.Stores.Model;

/// <summary>Verbs at once.</summary>
public abstract partial class StoreModelContract
{
    private const int Workers = 4;

    [ServerFact]
    public async Task Verbs_at_once_are_answered_as_if_each_had_happened_in_one_moment()
    {
        var overlaps = 0;

        await Task.Run(() => Check.One(Configuration(Meetings), Prop.ForAll(Meeting.Any, meeting => overlaps += HoldAsync(meeting).GetAwaiter().GetResult())));

        // They have met.
        Assert.True(overlaps > Meetings * Sets, $"{overlaps} pairs of calls at once in {Meetings * Sets} histories");
    }

    /// <summary>Holds a meeting on each set of records, one after the other. Answers how many pairs of calls on the same record were at once.</summary>
    private async Task<int> HoldAsync(Meeting meeting)
    {
        await EmptyAsync();
        var start = ModelState.Empty;
        foreach (var verb in meeting.Before)
        {
            for (var set = 0; set < (verb is Verb.OnRecord ? Sets : 1); set++)
            {
                await AskAsync(verb, gateway: 0, set);
            }

            start = StoreModel.Step(start, verb, ForgetsByItself).After;
        }

        // From here on no time passes. Sweeps run beside the others and must change nothing that anybody sees.
        var (ticks, arrived) = (0, 0);
        List<(int Set, Call Call)> Work(int worker)
        {
            var calls = new List<(int, Call)>();
            var meets = 0;
            for (var set = 0; set < Sets; set++)
            {
                foreach (var (step, verb) in meeting.Workers[worker].Index())
                {
                    var invoked = Interlocked.Increment(ref ticks);
                    if (step == 0 || meeting.InStep)
                    {
                        Meet(ref arrived, ++meets * Workers);
                    }

                    var answer = AskAsync(verb, gateway: worker, set).GetAwaiter().GetResult();
                    var returned = Interlocked.Increment(ref ticks);
                    if (verb is Verb.OnRecord onRecord)
                    {
                        calls.Add((set, new Call(worker, onRecord, invoked, returned, answer)));
                    }
                }
            }

            return calls;
        }

        // Threads of their own that wait in a loop: a verb in memory takes less time than waking a thread.
        var work = Enumerable.Range(0, Workers).Select(worker => Task.Factory.StartNew(() => Work(worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        var histories = (await Task.WhenAll(work)).SelectMany(calls => calls)
            .GroupBy(made => (made.Set, made.Call.Verb.Key), made => made.Call)
            .Select(calls => (calls.Key.Key, Calls: calls.OrderBy(call => call.Invoked).ToList()))
            .ToList();

        foreach (var (key, calls) in histories)
        {
            var before = start.Records.GetValueOrDefault(key);
            if (Linearizability.Explain(calls, before, start.Now) is null)
            {
                Assert.Fail($"At {start.Now}, from {before?.ToString() ?? "no record"}, no order of these calls explains their answers:{string.Concat(calls.Select(call => $"{Environment.NewLine}    {call}"))}");
            }
        }

        Assert.Null(await FindLeftoversAsync());
        return histories.Sum(history => history.Calls.Sum(call => history.Calls.Count(other => other.Invoked > call.Invoked && call.Overlaps(other))));
    }

    private static void Meet(ref int arrived, int all)
    {
        Interlocked.Increment(ref arrived);
        for (var spin = new SpinWait(); Volatile.Read(ref arrived) < all;)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <param name="Before">One after the other.</param>
    /// <param name="Workers">Then each of these beside the others.</param>
    /// <param name="InStep">They wait for each other before each verb, not only before the first.</param>
    private sealed record Meeting(Verb[] Before, Verb[][] Workers, bool InStep)
    {
        /// <summary>Nothing to shrink by: the same verbs meet in another way each time.</summary>
        public static Arbitrary<Meeting> Any { get; } = Arb.From(
            from keys in Gen.Frequency((3, Gen.Constant(1)), (1, Gen.Constant(2)))
            from length in Gen.Choose(0, 6)
            from before in Walk.Verb(keys).ArrayOf(length)
            from workers in Gen.Frequency((15, Walk.OnRecord(keys)), (1, Gen.Constant<Verb>(new Verb.Sweep(1)))).ArrayOf(4).ArrayOf(StoreModelContract.Workers)
            from inStep in Gen.Elements(false, true)
            select new Meeting(before, workers, inStep));

        public override string ToString() => $"{Lines("before", Before)}{string.Concat(Workers.Select((verbs, worker) => Lines($"worker {worker}", verbs)))}";

        private static string Lines(string who, Verb[] verbs) => string.Concat(verbs.Select(verb => $"{Environment.NewLine}    {who}: {verb}"));
    }
}
