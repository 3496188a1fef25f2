using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gateway.Tests.Idempotency.Request;

/// <summary>Requests for the readers to read.</summary>
internal static class Requests
{
    public static HttpRequest With(params (string Name, StringValues Values)[] headers)
    {
        var request = new DefaultHttpContext().Request;
        foreach (var (name, values) in headers)
        {
            // Not the indexer: it takes an empty value for none.
            ((IDictionary<string, StringValues>)request.Headers).Add(name, values);
        }

        return request;
    }

    public static async Task<RequestBody> BodyAsync(byte[] bytes)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(bytes);
        return await RequestBody.ReadAsync(request, int.MaxValue / 2, new BodyFiles(BufferingOptions.Default), putBack: false, CancellationToken.None) ?? throw new InvalidOperationException("Too large for itself.");
    }
}
