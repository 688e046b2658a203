using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>For as long as it is not disposed of, the request ends also when a move says so: to the forwarder it is as if the client had gone away.</summary>
internal sealed class EndedByMove : IHttpRequestLifetimeFeature, IDisposable
{
    private readonly HttpContext _context;
    private readonly IHttpRequestLifetimeFeature _client;
    private readonly CancellationTokenSource _either;

    private EndedByMove(HttpContext context, IHttpRequestLifetimeFeature client, CancellationToken move)
    {
        _context = context;
        _client = client;
        _either = CancellationTokenSource.CreateLinkedTokenSource(client.RequestAborted, move);
        RequestAborted = _either.Token;
    }

    public CancellationToken RequestAborted { get; set; }

    public static EndedByMove Begin(HttpContext context, CancellationToken move)
    {
        var ended = new EndedByMove(context, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>(), move);
        context.Features.Set<IHttpRequestLifetimeFeature>(ended);
        return ended;
    }

    public void Abort() => _client.Abort();

    public void Dispose()
    {
        _context.Features.Set(_client);
        _either.Dispose();
    }
}
