using System.Collections.Immutable;
using BucketProxy.Etcd.Transport;

namespace BucketProxy.Etcd.Calls;

/// <summary>The endpoints in a ring, one of them current. All calls keep to it until one of them finds it failing.</summary>
internal sealed class EndpointRing(ImmutableArray<EtcdChannel> channels) : IDisposable
{
    private int _current;

    public EtcdChannel Current => channels[Volatile.Read(ref _current)];

    /// <summary>Goes on from an endpoint that failed. Many calls fail together when a member dies: only the first of them moves the ring.</summary>
    public void Leave(EtcdChannel failed)
    {
        var at = channels.IndexOf(failed);
        Interlocked.CompareExchange(ref _current, (at + 1) % channels.Length, at);
    }

    public EtcdChannel? Find(EtcdEndpoint endpoint) => channels.FirstOrDefault(c => c.Endpoint == endpoint);

    public void Dispose()
    {
        foreach (var channel in channels)
            channel.Dispose();
    }
}
