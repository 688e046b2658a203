using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.InFlight;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// Stands in for the server's own features while a websocket's handshake is under way: the forwarder, whichever it is, gets the tunnel's stream where
/// it asks for the client's, and takes a move for a client that goes away.
/// </summary>
internal sealed class TunnelUpgrade : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IHttpRequestLifetimeFeature, IDisposable
{
    private readonly HttpContext _context;
    private readonly WebSocketTunnel _tunnel;
    private readonly Traffic _traffic;
    private readonly DetachedTunnels _detached;
    private readonly GatewayMetrics _metrics;
    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly IHttpRequestLifetimeFeature _lifetime;
    private readonly CancellationTokenRegistration _onGone;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TunnelUpgrade(HttpContext context, WebSocketTunnel tunnel, Traffic traffic, DetachedTunnels detached, GatewayMetrics metrics)
    {
        _context = context;
        _tunnel = tunnel;
        _traffic = traffic;
        _detached = detached;
        _metrics = metrics;
        _upgrade = context.Features.Get<IHttpUpgradeFeature>();
        _connect = context.Features.Get<IHttpExtendedConnectFeature>();
        _lifetime = context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>();
        _onGone = _lifetime.RequestAborted.UnsafeRegister(static t => ((WebSocketTunnel)t!).EndNode(), tunnel);
        RequestAborted = tunnel.NodeEnds;
        if (_upgrade is not null)
            context.Features.Set<IHttpUpgradeFeature>(this);
        if (_connect is not null)
            context.Features.Set<IHttpExtendedConnectFeature>(this);
        context.Features.Set<IHttpRequestLifetimeFeature>(this);
    }

    /// <summary>A move began while the node shook hands: the tunnel did not open.</summary>
    public bool CameTooLate { get; private set; }

    /// <summary>The tunnel goes on without its request.</summary>
    public bool IsDetached { get; private set; }

    public bool IsUpgradableRequest => _upgrade?.IsUpgradableRequest ?? false;

    public bool IsExtendedConnect => _connect?.IsExtendedConnect ?? false;

    public string? Protocol => _connect?.Protocol;

    public CancellationToken RequestAborted { get; set; }

    public void Abort() => _lifetime.Abort();

    /// <summary>Whether a tunnel opens that is carried within the request. False when <paramref name="forwarding"/> ends without.</summary>
    public async ValueTask<bool> OpensAsync(Task forwarding)
    {
        await Task.WhenAny(forwarding, _opened.Task);
        return _opened.Task.IsCompleted;
    }

    public async Task<Stream> UpgradeAsync()
    {
        Register();
        var bare = _detached.IsUsed ? DetachedUpgrade.For(_context) : null;
        return await OpenAsync((bare ?? _upgrade!).UpgradeAsync());
    }

    public async ValueTask<Stream> AcceptAsync()
    {
        Register();
        return await OpenAsync(_connect!.AcceptAsync().AsTask());
    }

    public void Dispose()
    {
        _onGone.Dispose();
        _context.Features.Set(_lifetime);
        if (_upgrade is not null)
            _context.Features.Set(_upgrade);
        if (_connect is not null)
            _context.Features.Set(_connect);
    }

    /// <summary>The node has accepted: from a request in flight to a tunnel.</summary>
    /// <exception cref="InvalidOperationException">Its base moves.</exception>
    private void Register()
    {
        if (!_traffic.TryOpen(_tunnel))
        {
            CameTooLate = true;
            throw new InvalidOperationException("The base is moving to another server.");
        }
        // S2: registered, so that nobody takes the base for silent; then counted out.
        _context.Grant().Leave();
        _metrics.TunnelOpened();
    }

    private async Task<Stream> OpenAsync(Task<Stream> accepting)
    {
        // Throws when the client is gone before it heard of its tunnel: the forwarder closes the node's connection.
        var client = await accepting;
        if (client is DetachedStream bare)
        {
            // The request will be aborted to let go of the connection; that is no client that goes away.
            await _onGone.DisposeAsync();
            IsDetached = true;
            return _tunnel.Open(bare, _detached);
        }
        var stream = _tunnel.Open(client, _lifetime.Abort);
        _opened.SetResult();
        return stream;
    }
}
