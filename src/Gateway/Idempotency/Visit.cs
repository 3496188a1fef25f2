using Gateway.Idempotency.Policies;
using Gateway.Idempotency.Request;
using Microsoft.AspNetCore.Http;

namespace Gateway.Idempotency;

/// <summary>One request on its way.</summary>
internal sealed class Visit(HttpContext context, RequestDelegate next, RoutePlan plan, KeyReading key)
{
    private KeyReading _key = key;

    public HttpContext Context => context;

    public RequestDelegate Next => next;

    public RoutePlan Plan => plan;

    public IdempotencyPolicy Policy => plan.Policy;

    public ref readonly KeyReading Key => ref _key;

    /// <summary>Null: it is not read yet, or too large to be.</summary>
    public RequestBody? Body { get; set; }

    /// <summary>Found in the body.</summary>
    public void UseKey(in KeyReading key) => _key = key;
}
