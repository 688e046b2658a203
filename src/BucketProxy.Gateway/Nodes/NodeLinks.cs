using System.Collections.Concurrent;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Gateway.Options;
using Yarp.ReverseProxy.Model;

namespace BucketProxy.Gateway.Nodes;

/// <summary>One <see cref="NodeLink"/> per node, address and, at a gate, run of its own server (G2), made when first needed.</summary>
internal sealed class NodeLinks : IDisposable
{
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<LinkKey, NodeLink> _links = new();
    private readonly ConcurrentDictionary<string, NodeCounters> _counters = new(StringComparer.Ordinal);
    private readonly ConnectGate _connects = new();
    private readonly Lock _making = new();
    private readonly HashSet<string> _retired = new(StringComparer.Ordinal);
    private readonly Known?[] _byBucket = new Known?[Bucket.Count];
    private readonly ConcurrentDictionary<NodeLink, ITimer> _leaving = new();
    private volatile Func<string, DestinationState?> _yarps = static _ => null;

    public NodeLinks(GatewayOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        Direct = NewClient();
    }

    /// <summary>The connections of the direct forwarder, but for those to the runs of a gate's own server.</summary>
    public DirectHttpClient Direct { get; }

    /// <summary>The counts of every node, once each, those of nodes that are gone included.</summary>
    public IEnumerable<(string Node, NodeCounters Counters)> Counters() => _counters.Select(c => (c.Key, c.Value));

    /// <summary>Connections to a node that are open now, also those that end after it was let go.</summary>
    public int OpenConnections(string node) =>
        _links.Values.Concat(_leaving.Keys).Where(l => l.Node.Id == node).DistinctBy(l => (l.Address, l.Node.Incarnation)).Sum(l => l.OpenConnections);

    /// <summary>The link to an entry's owner. A look at one array element when the bucket's owner is the same as last time.</summary>
    public NodeLink For(RoutingEntry entry)
    {
        var owner = entry.Owner ?? throw new InvalidOperationException($"Bucket {entry.Bucket} is open without an owner.");
        ref var place = ref _byBucket[entry.Bucket.Index];
        var known = Volatile.Read(ref place);
        if (known is not null && ReferenceEquals(known.Owner, owner))
            return known.Link;
        var link = For(owner);
        Volatile.Write(ref place, new Known(owner, link));
        return link;
    }

    public NodeLink For(NodeRecord node) =>
        _links.TryGetValue(LinkKey.Of(node), out var link) ? link : Add(node);

    /// <summary>Takes over the destinations of YARP's cluster, now and for links that are made from here on.</summary>
    /// <param name="find">By node id; null: YARP does not have the node.</param>
    public void Adopt(Func<string, DestinationState?> find)
    {
        _yarps = find;
        foreach (var link in _links.Values)
            link.Adopt(find(link.Node.Id));
    }

    /// <summary>
    /// Lets go of links to nodes that own nothing and are not registered any more. What is still under way ends by itself; the
    /// connections are closed once nothing can be.
    /// </summary>
    public void Forget(RoutingTable table)
    {
        if (_links.IsEmpty)
            return;
        var wanted = table.Nodes.Values
            .Concat(table.Buckets.Concat(table.Pins).Select(e => e.Owner).OfType<NodeRecord>())
            .Select(LinkKey.Of).ToHashSet();
        foreach (var (key, link) in _links)
        {
            if (wanted.Contains(key))
                continue;
            foreach (ref var place in _byBucket.AsSpan())
            {
                if (place is { } known && ReferenceEquals(known.Link, link))
                    Interlocked.CompareExchange(ref place, null, known);
            }
            // A request may have taken the link just now; a late dispose costs nothing, an early one a request. Listed before it is taken off the other list: a cut
            // must not miss it.
            _leaving[link] = _time.CreateTimer(Leave, link, _options.IdleTimeout + _options.HoldTime, Timeout.InfiniteTimeSpan);
            _links.TryRemove(key, out _);
        }
    }

    /// <summary>
    /// Closes every connection to every node at once, and makes none until <see cref="Allow"/>: a request that was about to connect
    /// must not go out behind the cut.
    /// </summary>
    public void CutAll()
    {
        NodeLink[] links;
        lock (_making)
        {
            _connects.IsShut = true;
            links = All();
        }
        Direct.Shut();
        foreach (var link in links)
            link.Cut();
    }

    /// <summary>Connections may be made again.</summary>
    public void Allow()
    {
        NodeLink[] links;
        lock (_making)
        {
            _connects.IsShut = false;
            links = All();
        }
        Direct.Open();
        foreach (var link in links)
            link.Allow();
    }

    /// <summary>
    /// G2: a run of the gate's own server is gone, or will be. Closes its connections at once; requests that are bound to it and were not sent find it unreachable from here on, also
    /// those whose link is made yet.
    /// </summary>
    public void Retire(string incarnation)
    {
        NodeLink[] links;
        lock (_making)
        {
            _retired.Add(incarnation);
            links = All();
        }
        foreach (var link in links)
        {
            if (link.Node.Incarnation == incarnation)
                link.Retire();
        }
    }

    public void Dispose()
    {
        foreach (var link in _links.Values)
            link.Dispose();
        foreach (var (link, timer) in _leaving)
        {
            timer.Dispose();
            link.Dispose();
        }
        Direct.Dispose();
    }

    private NodeLink[] All() => [.. _links.Values.Concat(_leaving.Keys)];

    private NodeLink Add(NodeRecord node)
    {
        lock (_making)
            return _links.GetOrAdd(LinkKey.Of(node), static (_, arg) => arg.Item2.Make_NeedsLock(arg.node), (node, this));
    }

    private NodeLink Make_NeedsLock(NodeRecord node)
    {
        var link = new NodeLink(
            node, _counters.GetOrAdd(node.Id, static _ => new()), node.Incarnation is null ? Direct : NewClient(), _connects, _options, _time);
        // G2: before anybody can find it.
        if (node.Incarnation is { } incarnation && _retired.Contains(incarnation))
            link.Retire();
        else if (_connects.IsShut)
            link.Cut();
        link.Adopt(_yarps(node.Id));
        return link;
    }

    private DirectHttpClient NewClient() => new(
        new DirectHttpClientOptions
        {
            ConnectTimeout = _options.ConnectTimeout,
            PooledConnectionIdleTimeout = _options.NodeKeepAlive,
            Resolve = _options.NodeNetworks.ResolveAsync,
            UseLoops = _options.UsesLoops,
        },
        _time);

    private void Leave(object? state)
    {
        var link = (NodeLink)state!;
        if (_leaving.TryRemove(link, out var timer))
            timer.Dispose();
        // The address may have been taken up again meanwhile, by the same node or another.
        if (link.Node.Incarnation is null && !_links.Values.Any(l => l.Address == link.Address))
            Direct.Forget(link.Address);
        link.Dispose();
    }

    private readonly record struct LinkKey(string Id, string Url, GateKind Gate, string? Incarnation)
    {
        public static LinkKey Of(NodeRecord node) => new(node.Id, node.LocalUrlText, node.Gate, node.Incarnation);
    }

    private sealed record Known(NodeRecord Owner, NodeLink Link);
}
