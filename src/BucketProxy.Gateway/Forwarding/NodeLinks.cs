using System.Collections.Concurrent;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Telemetry;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>One <see cref="NodeLink"/> per node and address, made when first needed.</summary>
internal sealed class NodeLinks : IDisposable
{
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ConnectionLimits _limits;
    private readonly ITimer _sweep;
    private readonly ConcurrentDictionary<(string Id, string Url), NodeLink> _links = new();
    private readonly ConcurrentDictionary<string, NodeCounters> _counters = new(StringComparer.Ordinal);
    private readonly ConnectGate _gate = new();
    private readonly Known?[] _byBucket = new Known?[Bucket.Count];
    private readonly ConcurrentDictionary<NodeLink, ITimer> _leaving = new();

    public NodeLinks(GatewayOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _limits = new ConnectionLimits(options);
        _sweep = time.CreateTimer(static links => ((NodeLinks)links!).Sweep(), this, _limits.Tick, _limits.Tick);
    }

    /// <summary>The counts of every node, once each, those of nodes that are gone included.</summary>
    public IEnumerable<(string Node, NodeCounters Counters)> Counters() => _counters.Select(c => (c.Key, c.Value));

    /// <summary>Connections to a node that are open now, also those that end after it was let go.</summary>
    public int OpenConnections(string node) =>
        _links.Values.Concat(_leaving.Keys).Where(l => l.Node.Id == node).Sum(l => l.OpenConnections);

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
        _links.GetOrAdd(
            (node.Id, node.LocalUrlText),
            static (_, arg) => new NodeLink(arg.node, arg.Item2._counters.GetOrAdd(arg.node.Id, static _ => new()), arg.Item2._gate, arg.Item2._limits, arg.Item2._time),
            (node, this));

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
            .Select(n => (n.Id, n.LocalUrlText)).ToHashSet();
        foreach (var (key, link) in _links)
        {
            if (wanted.Contains(key) || !_links.TryRemove(key, out _))
                continue;
            foreach (ref var place in _byBucket.AsSpan())
            {
                if (place is { } known && ReferenceEquals(known.Link, link))
                    Interlocked.CompareExchange(ref place, null, known);
            }
            // A request may have taken the link just now; a late dispose costs nothing, an early one a request.
            _leaving[link] = _time.CreateTimer(Leave, link, _options.IdleTimeout + _options.HoldTime, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// Closes every connection to every node at once, and makes none until <see cref="Allow"/>: a request that was about to connect
    /// must not go out behind the cut.
    /// </summary>
    public void CutAll()
    {
        _gate.IsShut = true;
        foreach (var link in _links.Values.Concat(_leaving.Keys))
            link.Cut();
    }

    /// <summary>Connections may be made again.</summary>
    public void Allow() => _gate.IsShut = false;

    public void Dispose()
    {
        _sweep.Dispose();
        foreach (var link in _links.Values)
            link.Dispose();
        foreach (var (link, timer) in _leaving)
        {
            timer.Dispose();
            link.Dispose();
        }
    }

    private void Sweep()
    {
        _limits.Clock.Tick();
        foreach (var link in _links)
            link.Value.Sweep();
        foreach (var leaving in _leaving)
            leaving.Key.Sweep();
    }

    private void Leave(object? state)
    {
        var link = (NodeLink)state!;
        if (_leaving.TryRemove(link, out var timer))
            timer.Dispose();
        link.Dispose();
    }

    private sealed record Known(NodeRecord Owner, NodeLink Link);
}
