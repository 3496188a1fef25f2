using FsCheck;
using FsCheck.Fluent;

namespace Gateway.Tests.Stores.Model;

/// <summary>Verbs one after the other, on an empty store.</summary>
internal sealed record Walk(Verb[] Verbs)
{
    /// <summary>A lease and a retention, at their longest.</summary>
    private const int LongestLife = MaxLease + MaxRetention;
    private const int MaxLease = 4;
    private const int MaxRetention = 9;

    /// <param name="look">At the end time passes in single steps, with a look at each: how long a record lives is exact.</param>
    public static Arbitrary<Walk> Any(Verb look) => Arb.From(
        from length in Gen.Choose(40, 80)
        from verbs in Verb(keys: 2).ArrayOf(length)
        select new Walk([.. verbs, .. Enumerable.Repeat<Verb[]>([new Verb.Jump(1), look], LongestLife).SelectMany(step => step)]),
        walk => walk.Shrink());

    public override string ToString() => string.Concat(Verbs.Select(verb => $"{Environment.NewLine}    {verb}"));

    /// <summary>Anything that can happen, time included.</summary>
    public static Gen<Verb> Verb(int keys) => Gen.Frequency(
        (20, OnRecord(keys)),
        (4, Gen.Choose(1, 8).Select(units => (Verb)new Verb.Jump(units))),
        (1, Gen.Choose(1, 3).Select(limit => (Verb)new Verb.Sweep(limit))),
        (1, Gen.Constant<Verb>(new Verb.Count())));

    /// <summary>What a gateway does on a request's way, and now and then an operator. The weights let the situations of a record come up about equally often.</summary>
    public static Gen<Verb> OnRecord(int keys) =>
        from key in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Constant(keys - 1)))
        from claim in Gen.Frequency((4, Gen.Constant(0)), (3, Gen.Constant(1)), (1, Gen.Constant(2)))
        from verb in Gen.Frequency(
            (12, Begin(key, claim)),
            (2, Gen.Constant<Verb>(new Verb.FindCompleted(key))),
            (3, Gen.Choose(1, MaxLease).Select(lease => (Verb)new Verb.Renew(key, claim, lease))),
            (3, Gen.Choose(0, 9).Select(answer => (Verb)new Verb.Complete(key, claim, answer))),
            (5, Gen.Constant<Verb>(new Verb.MarkUnknown(key, claim))),
            (3, Gen.Constant<Verb>(new Verb.Release(key, claim))),
            (2, Gen.Choose(0, 9).Select(answer => (Verb)new Verb.Resolve(key, claim, answer))),
            (1, Gen.Constant<Verb>(new Verb.Free(key, claim))),
            (1, Gen.Constant<Verb>(new Verb.Delete(key, claim))))
        select verb;

    private static Gen<Verb> Begin(int key, int claim) =>
        from fingerprint in Gen.Choose(0, 1)
        from lease in Gen.Choose(1, MaxLease)
        from retention in Gen.Choose(2, MaxRetention)
        from takeOver in Gen.Elements(false, true)
        select (Verb)new Verb.Begin(key, claim, fingerprint, lease, retention, takeOver);

    /// <summary>Fewer verbs, the larger cuts first; then simpler ones.</summary>
    private IEnumerable<Walk> Shrink()
    {
        for (var cut = Verbs.Length / 2; cut > 0; cut /= 2)
        {
            for (var start = 0; start + cut <= Verbs.Length; start += cut)
            {
                yield return new Walk([.. Verbs[..start], .. Verbs[(start + cut)..]]);
            }
        }

        for (var i = 0; i < Verbs.Length; i++)
        {
            if (Verbs[i] is Verb.Jump(var first) && Verbs.ElementAtOrDefault(i + 1) is Verb.Jump(var second))
            {
                yield return new Walk([.. Verbs[..i], new Verb.Jump(first + second), .. Verbs[(i + 2)..]]);
            }

            foreach (var simpler in Simpler(Verbs[i]))
            {
                yield return new Walk([.. Verbs[..i], simpler, .. Verbs[(i + 1)..]]);
            }
        }
    }

    private static IEnumerable<Verb> Simpler(Verb verb) => verb switch
    {
        Verb.Begin begin => new Verb[]
        {
            begin with { TakeOver = false },
            begin with { Key = 0 },
            begin with { Claim = begin.Claim / 2 },
            begin with { Fingerprint = 0 },
            begin with { Lease = 1 + ((begin.Lease - 1) / 2) },
            begin with { Retention = 1 + ((begin.Retention - 1) / 2) },
        }.Where(simpler => simpler != begin),
        Verb.Jump { Units: > 1 } jump => [new Verb.Jump(jump.Units / 2), new Verb.Jump(jump.Units - 1)],
        Verb.Renew { Lease: > 1 } renew => [renew with { Lease = 1 }, renew with { Lease = renew.Lease - 1 }],
        Verb.Resolve { Answer: > 1 } resolve => [resolve with { Answer = 1 }],
        Verb.Complete { Answer: > 1 } complete => [complete with { Answer = 1 }],
        _ => [],
    };
}
