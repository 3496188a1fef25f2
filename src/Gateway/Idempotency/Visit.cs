using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>One request on its way.</summary>
/// <param name="Body">Null: it is not read yet, or too large to be.</param>
internal readonly record struct Visit(HttpContext Context, RequestDelegate Next, RoutePlan Plan, KeyReading Key, RequestBody? Body);
