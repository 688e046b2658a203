using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Monitor;

namespace BucketProxy.Telemetry;

/// <summary>The parts of an instance that have figures; they start after whoever reads them.</summary>
/// <param name="settings">The settings.</param>
/// <param name="proxy">The proxy, once it runs.</param>
/// <param name="monitor">The monitor, once it runs.</param>
internal sealed class InstanceParts(BucketProxySettings settings, Func<ProxyRole?> proxy, Func<MonitorService?> monitor)
{
    public ProxyRole? Proxy => proxy();

    public MonitorService? Monitor => monitor();

    /// <summary>Whether this instance is meant to have that part.</summary>
    public bool Runs(Role role) => settings.Roles.Contains(role) && (role != Role.Monitor || settings.Monitor.Mode == MonitorMode.On);
}
