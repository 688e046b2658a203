using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Telemetry;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>The way to one node: its address, its connections, its counts.</summary>
internal sealed class NodeLink : IDisposable
{
    private readonly NodeHandler _handler;
    private readonly HashSet<NodeStream> _open = [];
    private readonly Lock _openLock = new();
    private readonly string _prefix;
    private readonly ConnectGate _gate;

    public NodeLink(NodeRecord node, NodeCounters counters, ConnectGate gate, GatewayOptions options, TimeProvider time)
    {
        Node = node;
        Counters = counters;
        _gate = gate;
        Destination = node.LocalUrl.GetLeftPart(UriPartial.Authority);
        var path = node.LocalUrl.AbsolutePath;
        _prefix = Destination + (path == "/" ? "" : path.TrimEnd('/'));
        _handler = new NodeHandler(Connections(options, time));
        Invoker = new HttpMessageInvoker(_handler, disposeHandler: true);
    }

    public NodeRecord Node { get; }

    /// <summary>Scheme and authority.</summary>
    public string Destination { get; }

    public HttpMessageInvoker Invoker { get; }

    public NodeCounters Counters { get; }

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_openLock)
                return _open.Count;
        }
    }

    /// <summary>
    /// The node's URL for a target, byte for byte: nothing is decoded, encoded, lower-cased, or shortened behind the authority.
    /// </summary>
    public Uri UriFor(string rawTarget, int start) => new(
        string.Concat(_prefix, rawTarget.AsSpan(start)),
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Closes every connection at once, whatever is under way on it.</summary>
    public void Cut()
    {
        NodeStream[] open;
        lock (_openLock)
            open = [.. _open];
        foreach (var stream in open)
            stream.Dispose();
    }

    public void Dispose() => Invoker.Dispose();

    private SocketsHttpHandler Connections(GatewayOptions options, TimeProvider time) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // Tracing headers are ours to write; the handler would add a span for each request.
        ActivityHeadersPropagator = null,
        // Limited in ConnectAsync, where a connection that never stood is told from one that broke.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        PooledConnectionIdleTimeout = options.NodeKeepAlive,
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        // S2: a request counts in flight until its answer is complete or its connection is closed. An answer that nobody reads to
        // its end must not be drained behind our back.
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = 64,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context, options, time, cancellationToken),
    };

    private async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, GatewayOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await using (time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), patience, options.ConnectTimeout, Timeout.InfiniteTimeSpan))
                await options.NodeNetworks.ConnectAsync(socket, context.DnsEndPoint, patience.Token);
            var stream = new NodeStream(socket, Closed);
            lock (_openLock)
            {
                // Whoever shuts the gate cuts what is listed afterwards: listed first or refused, never missed.
                _open.Add(stream);
            }
            if (!_gate.IsShut)
                return stream;
            stream.Dispose();
            throw new NodeUnreachableException(Node.Id, new IOException("Everything is cut."));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new NodeUnreachableException(Node.Id, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Closed(NodeStream stream)
    {
        lock (_openLock)
            _open.Remove(stream);
    }

    private sealed class NodeStream(Socket socket, Action<NodeStream> closed) : NetworkStream(socket, ownsSocket: true)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                closed(this);
            base.Dispose(disposing);
        }
    }
}
