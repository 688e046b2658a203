using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// The runtime's client for one node: what YARP's own forwarder sends by, and what asks a node on our own account. Its connections are
/// known, so that they can be counted and cut.
/// </summary>
internal sealed class NodeSockets : IDisposable
{
    private readonly HashSet<OpenStream> _open = [];
    private readonly Lock _openLock = new();
    private readonly NodeRecord _node;
    private readonly ConnectGate _connects;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;

    public NodeSockets(NodeRecord node, ConnectGate connects, GatewayOptions options, TimeProvider time)
    {
        _node = node;
        _connects = connects;
        _options = options;
        _time = time;
        HttpMessageHandler handler = new SentOnceHandler(new OneReadingHandler(Handler()));
        Invoker = new HttpMessageInvoker(HasTerms ? new TermsHandler(handler, node) : handler, disposeHandler: true);
    }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>Connections that are open now.</summary>
    public int Open
    {
        get
        {
            lock (_openLock)
                return _open.Count;
        }
    }

    /// <summary>Closes every connection at once, whatever is under way on it.</summary>
    public void Cut()
    {
        OpenStream[] open;
        lock (_openLock)
            open = [.. _open];
        foreach (var stream in open)
            stream.Dispose();
    }

    public void Dispose() => Invoker.Dispose();

    private bool HasTerms => _node.Gate != GateKind.None || _node.Incarnation is not null;

    private SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // Tracing headers are written with the others; the handler would add a span for each request.
        ActivityHeadersPropagator = null,
        // Limited in ConnectAsync, where a connection that never stood is told from one that broke.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        PooledConnectionIdleTimeout = _options.NodeKeepAlive,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        // S2: a request counts in flight until its answer is complete or its connection is closed. An answer that nobody reads to
        // its end must not be drained behind our back.
        MaxResponseDrainSize = 0,
        // In KB.
        MaxResponseHeadersLength = 64,
        EnableMultipleHttp2Connections = true,
        // S4: a gate's word is waited for as long as the request lives. A body that went out unasked could not be sent again.
        Expect100ContinueTimeout = Timeout.InfiniteTimeSpan,
        RequestHeaderEncodingSelector = HasTerms
            ? static (header, request) =>
            {
                TermsHandler.ThrowIfAgain(header, request);
                return Encoding.Latin1;
            }
        : static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken),
    };

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await using (_time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), patience, _options.ConnectTimeout, Timeout.InfiniteTimeSpan))
                await _options.NodeNetworks.ConnectAsync(socket, address, patience.Token);
            var stream = new OpenStream(socket, Closed);
            lock (_openLock)
            {
                // S2: whoever shuts the gate cuts what is listed afterwards. Listed first or refused, never missed.
                _open.Add(stream);
            }
            if (!_connects.IsShut)
                return stream;
            stream.Dispose();
            throw new DestinationUnreachableException(_node.LocalUrlText, new IOException("Everything is cut."));
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            socket.Dispose();
            throw new DestinationUnreachableException(_node.LocalUrlText, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Closed(OpenStream stream)
    {
        lock (_openLock)
            _open.Remove(stream);
    }

    private sealed class OpenStream(Socket socket, Action<OpenStream> closed) : NetworkStream(socket, ownsSocket: true)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                closed(this);
            base.Dispose(disposing);
        }
    }
}
