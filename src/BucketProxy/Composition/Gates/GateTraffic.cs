using BucketProxy.Gateway;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Composition.Gates;

/// <summary>The gate's data port as its agent sees it.</summary>
internal sealed class GateTraffic(DataHost host) : IGateTraffic
{
    public Task WhenSilentAsync(string incarnation, CancellationToken cancellationToken) =>
        host.Traffic.WhenRunIsSilentAsync(incarnation, cancellationToken);

    public void Retire(string incarnation) => host.Retire(incarnation);
}
