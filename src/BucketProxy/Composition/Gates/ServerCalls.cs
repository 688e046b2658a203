using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Gating;
using BucketProxy.Monitor.Executing;

namespace BucketProxy.Composition.Gates;

/// <summary>What a gate asks of its server: the same calls as a monitor's.</summary>
internal sealed class ServerCalls(NodeCalls calls, Uri server, TimeSpan releaseTimeout) : IServerCalls
{
    public Task<bool> PingAsync(CancellationToken cancellationToken) => calls.PingAsync(server.OriginalString, cancellationToken);

    public Task<string?> ReleaseAsync(Bucket bucket, BasePrefix? pin, long epoch, CancellationToken cancellationToken) =>
        calls.ReleaseAsync(server.OriginalString, bucket, pin, epoch, releaseTimeout, cancellationToken);
}
