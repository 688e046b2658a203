using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Options;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// YARP's configuration: one route that takes every request, one cluster whose destinations are the nodes of the table. Another <em>set of nodes</em> is
/// another configuration; another owner of a bucket is not, however many change: who owns what is the grant stage's business.
/// </summary>
internal sealed class NodeConfigProvider : IProxyConfigProvider, IDisposable
{
    /// <summary>The one cluster.</summary>
    public const string ClusterId = "dtable-servers";

    private const string RouteId = "bases";
    private readonly CurrentTable _current;
    private readonly GatewayOptions _options;
    private readonly Lock _lock = new();
    private CancellationTokenSource _changed = new();
    private Snapshot _config;

    public NodeConfigProvider(CurrentTable current, GatewayOptions options)
    {
        _current = current;
        _options = options;
        _config = new Snapshot(Addresses(current.Table), options, new CancellationChangeToken(_changed.Token));
        current.Published += OnPublished;
    }

    public IProxyConfig GetConfig() => Volatile.Read(ref _config);

    public void Dispose()
    {
        _current.Published -= OnPublished;
        lock (_lock)
            _changed.Dispose();
    }

    private void OnPublished(RoutingTable before, RoutingTable after)
    {
        var addresses = Addresses(after);
        CancellationTokenSource changed;
        lock (_lock)
        {
            // The usual case: the same nodes, whoever owns what.
            if (_config.Holds(addresses))
                return;
            changed = _changed;
            _changed = new CancellationTokenSource();
            Volatile.Write(ref _config, new Snapshot(addresses, _options, new CancellationChangeToken(_changed.Token)));
        }
        // YARP reloads when it is told; not on the publisher's thread.
        ThreadPool.UnsafeQueueUserWorkItem(
            static c =>
            {
                c.Cancel();
                c.Dispose();
            },
            changed,
            preferLocal: false);
    }

    /// <summary>Every node that may be sent to: the registered ones, and owners that are not registered (any more).</summary>
    private static Dictionary<string, string> Addresses(RoutingTable table)
    {
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in table.Buckets)
            Add(entry.Owner);
        foreach (var entry in table.Pins)
            Add(entry.Owner);
        foreach (var node in table.Nodes.Values)
            Add(node);
        return addresses;

        void Add(NodeRecord? node)
        {
            if (node is not null)
                addresses[node.Id] = node.LocalUrlText;
        }
    }

    private sealed class Snapshot : IProxyConfig
    {
        private readonly Dictionary<string, string> _addresses;

        public Snapshot(Dictionary<string, string> addresses, GatewayOptions options, IChangeToken changeToken)
        {
            _addresses = addresses;
            ChangeToken = changeToken;
            Routes = [new RouteConfig { RouteId = RouteId, ClusterId = ClusterId, Match = new RouteMatch { Path = "{**target}" } }];
            Clusters =
            [
                new ClusterConfig
                {
                    ClusterId = ClusterId,
                    Destinations = addresses.ToDictionary(a => a.Key, a => new DestinationConfig { Address = a.Value }, StringComparer.OrdinalIgnoreCase),
                    HttpRequest = new()
                    {
                        Version = options.NodeHttpVersion,
                        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                        ActivityTimeout = options.IdleTimeout,
                    },
                },
            ];
        }

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public IChangeToken ChangeToken { get; }

        public bool Holds(Dictionary<string, string> addresses)
        {
            if (addresses.Count != _addresses.Count)
                return false;
            foreach (var (id, address) in addresses)
            {
                if (!_addresses.TryGetValue(id, out var known) || known != address)
                    return false;
            }
            return true;
        }
    }
}
