using System.Collections.Immutable;
using BucketProxy.Etcd.Grpc;

namespace BucketProxy.Etcd.Calls;

/// <summary>The endpoints in a ring, one of them current. All calls keep to it until one of them finds it failing.</summary>
internal sealed class EndpointRing(ImmutableArray<GrpcChannel> channels) : IDisposable
{
    private int _current;

    public GrpcChannel Current => channels[Volatile.Read(ref _current)];

    /// <summary>Goes on from an endpoint that failed. Many calls fail together when a member dies: only the first of them moves the ring.</summary>
    public void Leave(GrpcChannel failed)
    {
        var at = channels.IndexOf(failed);
        Interlocked.CompareExchange(ref _current, (at + 1) % channels.Length, at);
    }

    public GrpcChannel? Find(EtcdEndpoint endpoint) => channels.FirstOrDefault(c => c.Endpoint == endpoint);

    public void Dispose()
    {
        foreach (var channel in channels)
            channel.Dispose();
    }
}
