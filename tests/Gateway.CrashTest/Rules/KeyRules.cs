using Gateway.CrashTest.Evidence;
using Gateway.CrashTest.Site;

namespace Gateway.CrashTest.Rules;

/// <summary>What the history of one key must look like.</summary>
/// <param name="bound">Of one answer.</param>
/// <param name="before">Whether the effect was in the ledger before anybody asked what has become of the key.</param>
internal sealed class KeyRules(History history, Intent intent, TimeSpan bound, bool before, Verdict verdict)
{
    /// <summary>Seconds, for a machine that is busy with much else.</summary>
    private const double Slack = 5;

    private readonly IReadOnlyList<Attempt> _attempts = intent.Attempts;
    private readonly IReadOnlyList<Charge> _charges = history.Charges(intent);

    public void Judge()
    {
        if (intent.IsHeld)
        {
            AtMostOnce();
            Ends();
        }

        OneAnswer();
        AnswersLast();
        NothingHangs();
        AnswersHaveReasons();
    }

    /// <summary>Rounds later: what was answered is still the answer.</summary>
    public void JudgeAgain()
    {
        OneAnswer();
        AnswersLast();
    }

    /// <summary>Answers that stand: the record is Completed by them.</summary>
    private IEnumerable<(Attempt Attempt, Outcome.Answered Answer)> Answers(bool all = false) =>
        _attempts.Select(attempt => (attempt, answer: attempt.Outcome as Outcome.Answered))
            .Where(pair => pair.answer is { IsReleased: false } answer && (all || intent.IsHeld || !answer.IsNotStored))
            .Select(pair => (pair.attempt, pair.answer!));

    private void AtMostOnce()
    {
        Check(Rule.AtMostOnce, _charges.Count <= 1, () => $"{_charges.Count} effects are in the ledger", _attempts[^1].Ended);
        var fresh = Answers().Where(pair => !pair.Answer.IsReplay).ToList();
        Check(Rule.AtMostOnce, fresh.Count <= 1, () => $"{fresh.Count} answers were given as the first", fresh.Count > 1 ? fresh.Max(pair => pair.Attempt.Ended) : 0);
    }

    private void OneAnswer()
    {
        if (Answers().FirstOrDefault() is not { Attempt: not null } first)
        {
            return;
        }

        foreach (var (attempt, answer) in Answers(all: true))
        {
            var isStanding = intent.IsHeld || !answer.IsNotStored;
            Check(Rule.OneAnswer, !isStanding || answer.Digest == first.Answer.Digest, () => $"two whole answers differ: {first.Answer} and {answer}", attempt.Ended);

            var amount = (attempt.IsWrongBody ? intent.WrongAmount : intent.Amount) * (intent.IsRefund ? -1 : 1);
            var isOwn = answer.Status switch
            {
                200 or 201 => answer.OrderId == intent.OrderId && _charges.Any(charge => charge.ChargedAt == answer.PaidAt && charge.Amount == amount) && answer.Length >= (intent.Size ?? 0) - 1,
                500 when answer.Error == "ERROR" => _charges.Count > 0,
                500 when answer.Error == "REFUSED" => !intent.IsHeld || _charges.Count == 0,
                _ => false,
            };
            Check(Rule.OneAnswer, isOwn, () => $"this is no whole answer of the backend to this request: {answer}", attempt.Ended);
        }
    }

    private void AnswersLast()
    {
        foreach (var (given, answer) in Answers().DistinctBy(pair => pair.Answer.IsNotStored))
        {
            foreach (var later in _attempts.Where(attempt => attempt.Started > given.Ended))
            {
                if (!intent.IsHeld && later.Outcome is Outcome.Answered { IsNotStored: true })
                {
                    continue; // of another run, given by the gateway where it waits for a store that it cannot reach, and marked
                }

                Check(Rule.AnswersLast, IsFaithful(answer, given, later), () => $"at {given.Ended:F3} this was given: {answer}; and at {later.Ended:F3}: {later.Outcome}", later.Ended);
            }
        }
    }

    private static bool IsFaithful(Outcome.Answered given, Attempt first, Attempt later) => later.Outcome switch
    {
        Outcome.Answered answer => answer.IsReplay && answer.Digest == given.Digest && later.IsWrongBody == first.IsWrongBody,
        Outcome.Refused { Code: "key-reused" } => later.IsWrongBody != first.IsWrongBody,
        Outcome.Refused { Code: "response-not-retained" } => given.Length > RoutesFile.LargestAnswer && later.IsWrongBody == first.IsWrongBody,
        Outcome.Refused { Code: "store-unavailable" } => !later.IsAudit,
        Outcome.Refused { Code: "in-progress" or "outcome-unknown" } => given.IsNotStored && !later.IsAudit,
        Outcome.NoAnswer => !later.IsAudit,
        _ => false,
    };

    /// <summary>As found when everything was whole again.</summary>
    private void Ends()
    {
        if (_attempts.FirstOrDefault(attempt => attempt.IsAudit) is not { } audit)
        {
            return;
        }

        var ran = audit.Outcome is Outcome.Answered { IsReplay: false } or Outcome.Refused { Code: "upstream-unreachable" } or Outcome.Refused { Status: 502 or 504 };
        var wasAnswered = Answers().Any(pair => !pair.Attempt.IsAudit);
        if (before && !wasAnswered)
        {
            Check(Rule.EffectsAreKnown, !ran, () => $"its effect is in the ledger, its client never heard of it, and the key is free: {audit.Outcome}", audit.Ended);
        }

        if (ran)
        {
            Check(Rule.FreeMeansNothingDone, !before, () => "the key was free, and its effect was in the ledger", audit.Ended);
        }

        var isUnknown = audit.Outcome is Outcome.Refused { Status: 409, Code: "outcome-unknown" }; // 502, 504: it was free, and the audit ran it
        var hadCause = history.HadCause(intent);
        if (isUnknown || !hadCause)
        {
            Check(Rule.UnknownHasACause, hadCause || !isUnknown, () => "the outcome is unknown, and nothing had gone wrong", _attempts[0].Ended);
        }
    }

    private void NothingHangs()
    {
        foreach (var attempt in _attempts)
        {
            // Without what the gateway or this machine stood still.
            var frozen = history.Faults.Where(fault => fault.Kind is "FreezeGateway" or "RollOver" && fault.Gateway == attempt.Gateway)
                .Sum(fault => Math.Max(0, Math.Min(attempt.Ended, fault.To) - Math.Max(attempt.Started, fault.From)));
            var took = attempt.Ended - attempt.Started - frozen - (3 * history.Time.StalledBetween(attempt.Started, attempt.Ended));
            Check(Rule.NothingHangs, took <= bound.TotalSeconds + Slack && attempt.Outcome is not Outcome.NoAnswer { IsHang: true }, () => $"an answer took {took:F1} s: {attempt}", attempt.Ended);
        }

        if (_attempts.LastOrDefault(attempt => attempt.IsAudit) is { } audit)
        {
            Check(Rule.NothingHangs, audit.Outcome is not (Outcome.Refused { Code: "in-progress" or "store-unavailable" } or Outcome.NoAnswer), () => $"long after the last fault the key says: {audit.Outcome}", audit.Ended);
        }
    }

    private void AnswersHaveReasons()
    {
        var isMixed = _attempts.Any(attempt => attempt.IsWrongBody) && _attempts.Any(attempt => !attempt.IsWrongBody);
        foreach (var attempt in _attempts)
        {
            var hasReason = attempt.Outcome switch
            {
                Outcome.Refused { Status: 422, Code: "key-reused" } => isMixed,
                Outcome.Refused { Status: 409, Code: "in-progress" or "outcome-unknown" } or Outcome.Refused { Status: 503, Code: "store-unavailable" } => true,
                Outcome.Refused { Status: 502 or 504, Code: "outcome-unknown" } or Outcome.Refused { Status: 502 or 503 or 504, Code: "upstream-unreachable" } => true,
                Outcome.Refused { Status: 409, Code: "response-not-retained" } => intent.Size > RoutesFile.LargestAnswer,
                Outcome.Refused => false,
                Outcome.Answered { Mark: not (null or "not-stored") } => false,
                Outcome.Answered { Status: 200 or 201 or 500 or 503 } or Outcome.NoAnswer => true,
                _ => false,
            };
            Check(Rule.AnswersHaveReasons, hasReason, () => $"nothing explains: {attempt}", attempt.Ended);
        }
    }

    private void Check(Rule rule, bool holds, Func<string> what, double at = 0) => verdict.Check(rule, holds, what, intent, at);
}
