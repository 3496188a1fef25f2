using System.Collections.Frozen;
using System.Text;
using Gateway.Idempotency;
using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Response;
using Microsoft.AspNetCore.Http;

namespace Gateway.Management.Records;

/// <summary>Makes the stored form of an answer that an operator gives, by the rules that a backend's answer is kept by.</summary>
internal static class GivenAnswers
{
    public const int MaxBody = 1 << 20;

    private static readonly FrozenSet<string> NoneExcluded = FrozenSet.Create<string>();

    /// <returns>What is wrong with it; null: nothing, and <paramref name="stored"/> is there.</returns>
    public static string? TryPack(GivenAnswer? answer, DateTimeOffset now, out byte[] stored)
    {
        stored = [];
        if (answer is null)
        {
            return "answer is missing: what shall retries get?";
        }

        if (answer.Status is < 200 or > 599)
        {
            return "answer.status is not from 200 to 599.";
        }

        if (answer is { Body: not null, BodyBase64: not null })
        {
            return "answer.body and answer.bodyBase64 stand side by side.";
        }

        var body = Encoding.UTF8.GetBytes(answer.Body ?? "");
        if (answer.BodyBase64 is { } base64)
        {
            var decoded = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, decoded, out var length))
            {
                return "answer.bodyBase64 is not base64.";
            }

            body = decoded[..length];
        }

        if (body.Length > MaxBody)
        {
            return $"answer.body has more than {MaxBody} bytes.";
        }

        if (body.Length > 0 && !StatusRules.MayHaveBody(answer.Status))
        {
            return $"an answer with status {answer.Status} has no body (RFC 9110, section 6.4.1).";
        }

        var headers = new HeaderDictionary();
        foreach (var (name, values) in answer.Headers ?? [])
        {
            if (!HeaderName.IsValid(name))
            {
                return "answer.headers has a name that is none (RFC 9110, section 5.1).";
            }

            if (name.Equals(Replay.MarkerHeader, StringComparison.OrdinalIgnoreCase) || name.Equals(StatusHeader.Name, StringComparison.OrdinalIgnoreCase))
            {
                return $"answer.headers.{name} is the gateway's to say.";
            }

            if (headers.ContainsKey(name))
            {
                return $"answer.headers.{name} stands there twice.";
            }

            if (values is not { Length: > 0 } || values.Any(value => value is null || value.Any(c => c != '\t' && (char.IsControl(c) || c > 0xFF))))
            {
                return $"answer.headers.{name} has a value that no header can have.";
            }

            headers[name] = values;
        }

        var packed = Pack(answer.Status, headers, body, now);
        if (headers.Keys.Except(KeptIn(packed), StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } dropped)
        {
            return $"answer.headers.{dropped} is not kept with an answer: it belongs to one connection, one moment or one caller, or is made anew.";
        }

        stored = packed;
        return null;
    }

    private static HashSet<string> KeptIn(byte[] stored)
    {
        var head = AnswerRecord.Read(stored).ReadHead();
        head.ReadReasonPhrase();
        var names = new HashSet<string>();
        for (var left = head.ReadCount(); left > 0; left--)
        {
            names.Add(head.ReadLine().Name);
        }

        return names;
    }

    private static readonly KeyRules NoKey = new();

    private static byte[] Pack(int status, HeaderDictionary headers, byte[] body, DateTimeOffset now)
    {
        using var head = PooledBuffer.Rent(1024);
        using var buffer = new AnswerBuffer(body.Length);
        body.CopyTo(buffer.Free());
        buffer.Advance(body.Length);
        AnswerRecord.Start(head, AnswerKind.Whole, status, now, reasonPhrase: null);
        RetainedHeaders.Write(head, headers, status, NoneExcluded, outer: null, NoKey);
        head.WriteInt32(0);
        return AnswerRecord.Finish(head, buffer).ToArray();
    }
}
