using BucketProxy.Core.Nodes;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Gateway.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace BucketProxy.Gateway.Nodes;

/// <summary>The way to one node at one address: YARP's destination, its connections, its counts.</summary>
internal sealed class NodeLink : IDisposable
{
    private readonly DirectHttpClient _direct;
    private readonly Lazy<NodeSockets> _sockets;
    private volatile DestinationState _destination;

    public NodeLink(NodeRecord node, NodeCounters counters, DirectHttpClient direct, ConnectGate gate, GatewayOptions options, TimeProvider time)
    {
        Node = node;
        Counters = counters;
        _direct = direct;
        _sockets = new Lazy<NodeSockets>(() => new NodeSockets(node, gate, options, time));
        _destination = new DestinationState(node.Id, new DestinationModel(new DestinationConfig { Address = Address }));
    }

    public NodeRecord Node { get; }

    /// <summary>What YARP calls the destination's address: the node's URL as registered.</summary>
    public string Address => Node.LocalUrlText;

    public NodeCounters Counters { get; }

    /// <summary>
    /// The destination that requests to this node are given. YARP's own once its configuration, which it takes over some time after the table,
    /// holds the node; until then one of ours. So YARP's figures are true, and nobody waits for it.
    /// </summary>
    public DestinationState Destination => _destination;

    /// <summary>The runtime's client for this node alone.</summary>
    public HttpMessageInvoker Http => _sockets.Value.Invoker;

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections => _direct.OpenConnections(Address) + (_sockets.IsValueCreated ? _sockets.Value.Open : 0);

    /// <summary>Takes YARP's destination of this node, if it is for the same address.</summary>
    public void Adopt(DestinationState? destination)
    {
        if (destination is not null && destination.Model.Config.Address == Address)
            _destination = destination;
    }

    /// <summary>Closes the runtime's connections at once, whatever is under way on them.</summary>
    public void Cut()
    {
        if (_sockets.IsValueCreated)
            _sockets.Value.Cut();
    }

    public void Dispose()
    {
        if (_sockets.IsValueCreated)
            _sockets.Value.Dispose();
    }
}
