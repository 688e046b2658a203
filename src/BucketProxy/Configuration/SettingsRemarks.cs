using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Configuration;

/// <summary>What is allowed but worth a word: said by <c>check-config</c>, and logged when a server starts.</summary>
internal static class SettingsRemarks
{
    public static IEnumerable<string> Of(BucketProxySettings settings)
    {
        if (!settings.Admin.Listen.IsLoopback && settings.Admin.Token is null && settings.Admin.TokenFile is null)
        {
            yield return $"whoever reaches the admin port {settings.Admin.Listen} may move buckets: give admin.token or admin.tokenFile, "
                + "or bind admin.listen to localhost, unless the network is closed.";
        }
        if (settings.Placement.Mode == PlacementMode.Balanced && settings.Nodes.Length > 1)
        {
            foreach (var node in settings.Nodes.Where(n => (n.Release ?? (n.Register ? ReleaseMode.None : ReleaseMode.Watch)) == ReleaseMode.None))
                yield return $"{node.Id} has release 'none': no bucket is moved off it while it runs, so it cannot be drained or rebalanced.";
        }
        if (settings.Etcd.Password is not null && settings.Etcd.CaFile is null && !settings.Etcd.Endpoints.All(e => e.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
            yield return "the etcd password travels without encryption: use https endpoints, or give etcd.caFile.";
        if (settings.Roles.Contains(Role.Gate))
        {
            if (!settings.Gate.Server.IsLoopback)
                yield return $"gate.server {settings.Gate.Server} is not on localhost: see that nobody but this gate reaches it, or requests go past the gate.";
            if (settings.Gate is { Supervise: false, Command.IsEmpty: false })
                yield return "gate.command is not run, because gate.supervise is off: whoever runs the server, a lost one's buckets wait as without a gate.";
        }
        else if (settings.Gate != new GateSettings())
        {
            yield return "the settings under gate do nothing without the role 'gate'.";
        }
        // Not an error: the sampler may be set for every program of the machine.
        if (settings.Telemetry is { Traces.IsOn: true, Otlp.Endpoint: null })
            yield return "telemetry.traces asks for traces, but there is no telemetry.otlp.endpoint to send them to: nothing is traced.";
    }
}
