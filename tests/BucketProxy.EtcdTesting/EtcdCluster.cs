using System.Collections.Immutable;
using BucketProxy.Etcd;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;

namespace BucketProxy.EtcdTesting;

/// <summary>Several real etcd processes that form one cluster.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private EtcdCluster(ImmutableArray<EtcdProcess> nodes) => Nodes = nodes;

    /// <summary>The members.</summary>
    public ImmutableArray<EtcdProcess> Nodes { get; }

    /// <summary>Where clients reach them, in order.</summary>
    public ImmutableArray<EtcdEndpoint> Endpoints => [.. Nodes.Select(n => EtcdEndpoint.Parse(n.Endpoint))];

    /// <summary>Starts a cluster, and waits until it takes writes.</summary>
    /// <param name="size">How many members.</param>
    /// <param name="arguments">Further arguments for each.</param>
    /// <param name="prefix">Put before the command of each, and the address it listens on.</param>
    public static async Task<EtcdCluster> StartAsync(
        int size, IReadOnlyList<string>? arguments = null, Func<int, (string Address, IReadOnlyList<string> Prefix)>? prefix = null)
    {
        var places = Enumerable.Range(1, size).Select(i =>
        {
            var (address, before) = prefix?.Invoke(i) ?? ("127.0.0.1", []);
            return new EtcdNodeOptions
            {
                Name = $"etcd{i}",
                Address = address,
                Prefix = before,
                ClientPort = FreePort.Next(),
                PeerPort = FreePort.Next(),
                Arguments = arguments ?? [],
            };
        }).ToArray();
        var members = string.Join(',', places.Select(p => $"{p.Name}=http://{p.Address}:{p.PeerPort}"));
        var nodes = places.Select(p => EtcdProcess.Create(p with { InitialCluster = members })).ToImmutableArray();
        var cluster = new EtcdCluster(nodes);
        try
        {
            foreach (var node in nodes)
                node.Start();
            await Task.WhenAll(nodes.Select(n => n.WaitUntilServingAsync())).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The member that leads.</summary>
    public async Task<EtcdProcess> LeaderAsync(EtcdClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        await client.RangeAsync(KeyRange.Key("any")).ConfigureAwait(false);
        foreach (var node in Nodes)
        {
            var status = await client.StatusAsync(EtcdEndpoint.Parse(node.Endpoint)).ConfigureAwait(false);
            if (status.Leader == status.Header.MemberId)
                return node;
        }
        throw new InvalidOperationException("no member leads");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync().ConfigureAwait(false);
    }
}
