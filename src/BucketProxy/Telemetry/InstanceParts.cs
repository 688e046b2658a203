using BucketProxy.Configuration;
using BucketProxy.Gateway;
using BucketProxy.Gateway.Gating;
using BucketProxy.Gateway.Participation;
using BucketProxy.Monitor.Service;

namespace BucketProxy.Telemetry;

/// <summary>The parts of an instance that have figures; they start after whoever reads them.</summary>
/// <param name="settings">The settings.</param>
/// <param name="host">The data port, once it is open.</param>
/// <param name="agent">The proxy's part in the cluster, once it takes part.</param>
/// <param name="monitor">The monitor, once it runs.</param>
/// <param name="gate">The gate's part in the cluster, once it takes part.</param>
internal sealed class InstanceParts(
    BucketProxySettings settings, Func<DataHost?> host, Func<ProxyAgent?> agent, Func<MonitorService?> monitor, Func<GateAgent?> gate)
{
    public DataHost? Host => host();

    public ProxyAgent? Agent => agent();

    public MonitorService? Monitor => monitor();

    public GateAgent? Gate => gate();

    /// <summary>Whether this instance is meant to have that part.</summary>
    public bool Runs(Role role) => settings.Roles.Contains(role) && (role != Role.Monitor || settings.Monitor.Mode == MonitorMode.On);
}
