using BucketProxy.Configuration.Reading;
using BucketProxy.Configuration.Values;
using BucketProxy.Gateway.Options;
using BucketProxy.Supervision;

namespace BucketProxy.Configuration.Rules;

/// <summary>What must fit together for the role <c>gate</c>.</summary>
/// <param name="settings">The settings as read.</param>
/// <param name="origins">Where they stand.</param>
internal sealed class GateRules(BucketProxySettings settings, SettingsOrigins origins)
{
    private readonly GateSettings _gate = settings.Gate;

    public void Check()
    {
        // Without the role they do nothing, and a remark says so.
        if (!settings.Roles.Contains(Role.Gate))
            return;
        Require("gate:node", _gate.Node);
        Require("gate:advertise", _gate.Advertise);
        CheckNode();
        CheckPorts();
        CheckServer();
        // More, and every slow answer of the store would stop the server.
        if ((_gate.Margin + _gate.SaveTime) * 4 > _gate.LeaseTimeToLive * 3)
        {
            origins.Report("gate:saveTime", Duration.Format(_gate.SaveTime),
                $"is not allowed; allowed: with gate.margin at most three quarters of gate.leaseTimeToLive (up to {Duration.Format((_gate.LeaseTimeToLive * 0.75) - _gate.Margin)}).");
        }
        if (_gate.ReleasePath is not ['/', ..] || _gate.ReleasePath.Contains('?', StringComparison.Ordinal))
            origins.Report("gate:releasePath", _gate.ReleasePath, "is not allowed; allowed: a path that begins with '/', without a query.");
    }

    private void CheckNode()
    {
        if (_gate.Node is not { } id)
            return;
        if (!NodeIds.IsAllowed(id))
            origins.Report("gate:node", id, NodeIds.Allowed);
        for (var i = 0; i < settings.Nodes.Length; i++)
        {
            // Two that write one key, each its own address.
            if (settings.Nodes[i].Id == id && settings.Nodes[i].Register)
                origins.Report($"nodes:{i}:register", "on", "is not allowed for the server behind this gate, which the gate registers; allowed: off.");
        }
    }

    private void CheckPorts()
    {
        if (Collides(settings.Admin.Listen))
            origins.Report("gate:listen", _gate.Listen.ToString(), "is the admin port too; allowed: another port.");
        if (settings.Roles.Contains(Role.Proxy) && Collides(settings.Data.Listen))
            origins.Report("gate:listen", _gate.Listen.ToString(), "is the proxy's data port too; allowed: another port.");
    }

    private bool Collides(ListenAddress other) => _gate.Listen.Port != 0 && _gate.Listen.Port == other.Port
        && (_gate.Listen.Address is null || other.Address is null || _gate.Listen.Address.Equals(other.Address));

    private void CheckServer()
    {
        if (_gate.Advertise is { } advertise && advertise.Authority == _gate.Server.Authority)
            origins.Report("gate:advertise", advertise.OriginalString, "is gate.server: whoever reads it would go past the gate; allowed: where the gate itself is reached.");
        var isSupervised = _gate.Supervise && !_gate.Command.IsEmpty;
        if (_gate.Release == GateRelease.Restart && !isSupervised)
            origins.Report("gate:release", "restart", "is not allowed for a server that the gate does not run: give gate.command, and gate.supervise on; allowed: 'call' or 'none'.");
        if (!SupervisedProcessOptions.StopSignals.Contains(_gate.StopSignal))
            origins.Report("gate:stopSignal", _gate.StopSignal, $"is not allowed; allowed: {string.Join(", ", SupervisedProcessOptions.StopSignals)}.");
        if (_gate.WorkingDirectory is { } directory && !Directory.Exists(directory))
            origins.Report("gate:workingDirectory", directory, "does not exist, or cannot be read by this user.");
    }

    // Not when it is there and was already refused for its value.
    private void Require(string path, object? value)
    {
        if (value is null && !origins.IsGiven(path))
            origins.Report(path, null, "is missing: the role 'gate' needs it.");
    }
}
