using Gateway.CrashTest.Evidence;

namespace Gateway.CrashTest.Rules;

/// <summary>How often each rule was put to the test, and what broke it.</summary>
internal sealed class Verdict
{
    private readonly Dictionary<Rule, long> _checks = Enum.GetValues<Rule>().ToDictionary(rule => rule, _ => 0L);
    private readonly List<Violation> _violations = [];

    public IReadOnlyDictionary<Rule, long> Checks => _checks;

    public IReadOnlyList<Violation> Violations => _violations;

    public void Check(Rule rule, bool holds, Func<string> what, Intent? intent = null, double at = 0)
    {
        _checks[rule]++;
        if (!holds)
        {
            _violations.Add(new Violation(rule, what(), intent, at));
        }
    }
}

/// <param name="Intent">Whose; null: it is of no key.</param>
/// <param name="At">When it could have been noticed first.</param>
internal sealed record Violation(Rule Rule, string What, Intent? Intent, double At);
