using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Gateway.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace BucketProxy.Gateway.Nodes;

/// <summary>The way to one node at one address: YARP's destination, its connections, its counts. At a gate, the way to one run of its own server.</summary>
internal sealed class NodeLink : IDisposable
{
    private readonly DirectHttpClient _direct;
    private readonly DirectHttpClient? _own;
    private readonly Lazy<NodeSockets> _sockets;
    private readonly ConnectGate _connects;
    private readonly Lock _cutting = new();
    private volatile DestinationState _destination;
    private volatile LinkTerms? _terms;

    /// <param name="node">The node.</param>
    /// <param name="counters">Its counts.</param>
    /// <param name="direct">The direct forwarder's connections; owned if the node is one run of a server.</param>
    /// <param name="connects">Whether connections may be made, besides <see cref="Retire"/>.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">Every limit goes by it.</param>
    public NodeLink(NodeRecord node, NodeCounters counters, DirectHttpClient direct, ConnectGate connects, GatewayOptions options, TimeProvider time)
    {
        Node = node;
        Counters = counters;
        _direct = direct;
        _own = node.Incarnation is null ? null : direct;
        _connects = new ConnectGate(connects);
        _sockets = new Lazy<NodeSockets>(() => new NodeSockets(node, _connects, options, time));
        _destination = new DestinationState(node.Id, new DestinationModel(new DestinationConfig { Address = Address }));
    }

    public NodeRecord Node { get; }

    /// <summary>What YARP calls the destination's address: the node's URL as registered.</summary>
    public string Address => Node.LocalUrlText;

    public NodeCounters Counters { get; }

    /// <summary>Requests to the node have no terms of their own.</summary>
    public bool IsPlain => Node.Gate == GateKind.None && _own is null;

    /// <summary>
    /// The destination that requests to this node are given. YARP's own once its configuration, which it takes over some time after the table,
    /// holds the node; until then one of ours. So YARP's figures are true, and nobody waits for it.
    /// </summary>
    public DestinationState Destination => _destination;

    /// <summary>The runtime's client for this node alone.</summary>
    public HttpMessageInvoker Http => _sockets.Value.Invoker;

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections => _direct.OpenConnections(Address) + (_sockets.IsValueCreated ? _sockets.Value.Open : 0);

    /// <summary>What holds for a request to a node that is not <see cref="IsPlain"/>. The same object as long as the table is the same.</summary>
    public LinkTerms TermsFor(RoutingTable table)
    {
        var terms = _terms;
        return terms?.AreFor(table) == true ? terms : _terms = new LinkTerms(Node, table, _own);
    }

    /// <summary>Takes YARP's destination of this node, if it is for the same address.</summary>
    public void Adopt(DestinationState? destination)
    {
        if (destination is not null && destination.Model.Config.Address == Address)
            _destination = destination;
    }

    /// <summary>Closes the connections that are this link's alone, at once, whatever is under way on them.</summary>
    public void Cut()
    {
        lock (_cutting)
        {
            _own?.Shut();
            // Allowed again meanwhile, by somebody who was quicker.
            if (!_connects.IsShut)
                _own?.Open();
        }
        if (_sockets.IsValueCreated)
            _sockets.Value.Cut();
    }

    /// <summary>Connections may be made again, unless it is retired.</summary>
    public void Allow()
    {
        lock (_cutting)
        {
            if (!_connects.IsShut)
                _own?.Open();
        }
    }

    /// <summary>G2: the run of the server is gone. Closes its connections at once, and makes none ever again.</summary>
    public void Retire()
    {
        _connects.ShutForGood();
        Cut();
    }

    public void Dispose()
    {
        if (_sockets.IsValueCreated)
            _sockets.Value.Dispose();
        _own?.Dispose();
    }
}
