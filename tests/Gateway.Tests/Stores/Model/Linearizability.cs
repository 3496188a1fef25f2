namespace Gateway.Tests.Stores.Model;

/// <summary>
/// Whether calls that ran beside each other were answered as if each had happened in one moment between its call and its
/// return (Wing and Gong's search, with Lowe's memory of what was tried: "Testing for linearizability", 2016). Histories on
/// different records are judged each for itself: linearizability is local.
/// </summary>
internal static class Linearizability
{
    /// <summary>An order in which the model gives the same answers; null: there is none.</summary>
    public static IReadOnlyList<Call>? Explain(IReadOnlyList<Call> calls, ModelRecord? before, long now)
    {
        var order = new List<Call>();
        var tried = new HashSet<(ulong Done, ModelRecord? State)>();
        return Search(0, before) ? order : null;

        bool Search(ulong done, ModelRecord? state)
        {
            if (order.Count == calls.Count)
            {
                return true;
            }

            if (!tried.Add((done, state)))
            {
                return false;
            }

            // Only what was called before the first of the others had returned can be next.
            var firstReturn = calls.Where((_, i) => !IsDone(done, i)).Min(call => call.Returned);
            for (var i = 0; i < calls.Count; i++)
            {
                if (IsDone(done, i) || calls[i].Invoked > firstReturn)
                {
                    continue;
                }

                var (after, answer) = StoreModel.Step(state, calls[i].Verb, now);
                if (answer != calls[i].Answer)
                {
                    continue;
                }

                order.Add(calls[i]);
                if (Search(done | (1UL << i), after))
                {
                    return true;
                }

                order.RemoveAt(order.Count - 1);
            }

            return false;
        }
    }

    private static bool IsDone(ulong done, int call) => (done & (1UL << call)) != 0;
}
