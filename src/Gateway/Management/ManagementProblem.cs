using Microsoft.AspNetCore.Http;

namespace Gateway.Management;

/// <summary>What the management listener says when it cannot do what it was asked (RFC 9457).</summary>
internal static class ManagementProblem
{
    public static IResult Of(int status, string title, string detail) => Results.Problem(detail, statusCode: status, title: title);

    public static Task WriteAsync(HttpContext context, int status, string title, string detail) => Of(status, title, detail).ExecuteAsync(context);
}
