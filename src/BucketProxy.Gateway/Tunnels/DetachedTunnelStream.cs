using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.Load;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>A tunnel's stream over a connection that has left the server: it outlives its request.</summary>
internal sealed class DetachedTunnelStream(DetachedStream client, WebSocketTunnel tunnel, LoadCounters load, DetachedTunnels tunnels)
    : TunnelStream(client, tunnel.BaseId, load, tunnel.ClientEnded, tunnel.EndNode, canCancel: false), IDetachedUpgrade
{
    public void Run(Func<CancellationToken, Task> copy) => tunnels.Start(tunnel, () => tunnel.CarryAsync(copy(tunnel.NodeEnds)));
}
