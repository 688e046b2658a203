using System.Net;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration.Reading;
using BucketProxy.Configuration.Values;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Targets;
using BucketProxy.Etcd;
using BucketProxy.Gateway.Options;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Configuration.Rules;

/// <summary>What one value alone cannot say: settings that need, exclude or name each other.</summary>
/// <param name="settings">The settings as read.</param>
/// <param name="origins">Where they stand.</param>
internal sealed class SettingsRules(BucketProxySettings settings, SettingsOrigins origins)
{
    private const int MaxNameLength = 64;

    /// <summary>Fewest characters of an admin token.</summary>
    internal const int MinTokenLength = 12;

    public void Check()
    {
        CheckStore();
        CheckNames();
        CheckListening();
        CheckFiles();
        CheckTelemetry();
        CheckTimes();
        // A gate in this process registers its server.
        if (settings.Store == StoreKind.Embedded && settings.Nodes.IsEmpty && !origins.IsGiven("nodes") && !settings.Roles.Contains(Role.Gate))
            origins.Report("nodes", null, "is missing: with \"store\": \"embedded\" no server can register itself. Give each an id and a local_node_url.");
        for (var i = 0; i < settings.Nodes.Length; i++)
            CheckNode(settings.Nodes[i], $"nodes:{i}");
        CheckPlacement();
        CheckPins();
        new GateRules(settings, origins).Check();
        if (settings.Monitor.ReleasePath is not ['/', ..] || settings.Monitor.ReleasePath.Contains('?', StringComparison.Ordinal))
            origins.Report("monitor:releasePath", settings.Monitor.ReleasePath, "is not allowed; allowed: a path that begins with '/', without a query.");
    }

    private void CheckStore()
    {
        if (settings.Store is null && !origins.IsGiven("store"))
        {
            origins.Report("store", null,
                "is missing, and is never assumed. The two choices: \"embedded\" keeps the cluster's state in this process's data directory "
                + "(one machine, nothing to install); \"etcd\" keeps it in the etcd that SeaTable's servers use (give etcd.endpoints too).");
        }
        if (settings.Store == StoreKind.Etcd && settings.Etcd.Endpoints.IsEmpty && !origins.IsGiven("etcd:endpoints"))
            origins.Report("etcd:endpoints", null, "is missing: \"store\": \"etcd\" needs at least one host:port.");
        foreach (var endpoint in settings.Etcd.Endpoints.Where(e => !EtcdEndpoint.TryParse(e, settings.Etcd.UsesTls, out _)))
            origins.Report("etcd:endpoints", endpoint, "is not allowed; allowed: host, host:port or http(s)://host:port.");
        if (settings.Etcd.KeyPrefix.Any(char.IsControl))
            origins.Report("etcd:keyPrefix", settings.Etcd.KeyPrefix, "is not allowed; allowed: text without control characters.");
        if (settings.Etcd.User is null && (settings.Etcd.Password ?? settings.Etcd.PasswordFile) is not null)
            origins.Report("etcd:user", null, "is missing: a password is given.");
        if (settings.Etcd.User is not null && settings.Etcd.Password is null && settings.Etcd.PasswordFile is null)
            origins.Report("etcd:password", null, "is missing: etcd.user is given. Give etcd.password or etcd.passwordFile.");
        if (settings.Store == StoreKind.Embedded && settings.Monitor.Mode == MonitorMode.Off)
        {
            origins.Report("monitor:mode", "off",
                "is not allowed with \"store\": \"embedded\": nobody else's monitor can write to it; allowed: 'on'.");
        }
    }

    private void CheckNames()
    {
        CheckName("cluster", settings.Cluster);
        if (settings.Instance is { } instance)
            CheckName("instance", instance);
        if (settings.Roles.IsEmpty)
            origins.Report("roles", null, "is empty; allowed: 'proxy', 'monitor', 'gate', or several of them.");
        if (settings.Store == StoreKind.Embedded && !settings.Roles.IsEmpty && !(settings.Roles.Contains(Role.Monitor) && settings.Roles.Any(r => r != Role.Monitor)))
        {
            origins.Report("roles", string.Join(',', settings.Roles).ToLowerInvariant(),
                "is not enough with \"store\": \"embedded\": one process has the store to itself, so it must be 'monitor', and 'proxy' or 'gate' as well.");
        }
    }

    private void CheckName(string path, string name)
    {
        if (name.Length is 0 or > MaxNameLength || !name.All(NodeIds.IsNameCharacter))
            origins.Report(path, name, $"is not allowed; allowed: letters, digits, '-', '_' and '.', at most {MaxNameLength}.");
    }

    private void CheckListening()
    {
        var (data, admin) = (settings.Data.Listen, settings.Admin.Listen);
        if (admin.Port != 0 && data.Port == admin.Port && (data.Address is null || admin.Address is null || data.Address.Equals(admin.Address)))
            origins.Report("admin:listen", admin.ToString(), "is the data port too; allowed: another port.");
        foreach (var prefix in settings.Data.Prefixes)
        {
            if (TargetExtractor.PrefixProblem(prefix) is { } problem)
                origins.Report("data:prefixes", prefix, $"is not allowed: {problem}");
        }
    }

    // What must fit into what. L4: a request that a move holds must come through, not time out here.
    private void CheckTimes()
    {
        var monitor = settings.Monitor;
        var move = monitor.QuiesceTimeout + monitor.ReleaseTimeout + monitor.SettleTime;
        if (settings.Data.HoldTime <= move)
        {
            origins.Report("data:holdTime", Duration.Format(settings.Data.HoldTime),
                $"is not enough for a planned move; allowed: more than monitor.quiesceTimeout + releaseTimeout + settleTime ({Duration.Format(move)}).");
        }
        LessThanHalf("monitor:leaderMargin", monitor.LeaderMargin, "monitor.leaderLease", monitor.LeaderLease);
        LessThanHalf("proxy:fenceMargin", settings.Proxy.FenceMargin, "proxy.lease", settings.Proxy.Lease);
        if (monitor.RetryPauseLimit < monitor.RetryPause)
        {
            origins.Report("monitor:retryPauseLimit", Duration.Format(monitor.RetryPauseLimit),
                $"is not allowed; allowed: at least monitor.retryPause ({Duration.Format(monitor.RetryPause)}).");
        }
        var data = settings.Data;
        if (data.ReadAhead < data.MaxHeaderSize || data.ReadAhead < data.MaxRequestLine)
        {
            origins.Report("data:readAhead", data.ReadAhead.ToString(),
                $"is not allowed; allowed: at least data.maxHeaderSize ({data.MaxHeaderSize}) and data.maxRequestLine ({data.MaxRequestLine}).");
        }
        if (data.NodeHttp2 && data.Forwarder == ForwarderKind.Direct)
            origins.Report("data:nodeHttp2", "on", "is not allowed with data.forwarder \"direct\", which speaks HTTP/1.1 to servers; allowed: \"yarp\".");
    }

    private void LessThanHalf(string path, TimeSpan part, string wholeName, TimeSpan whole)
    {
        if (part * 2 >= whole)
            origins.Report(path, Duration.Format(part), $"is not allowed; allowed: less than half of {wholeName} ({Duration.Format(whole)}).");
    }

    private void CheckFiles()
    {
        if (settings.DataDirectory.Length == 0 || settings.DataDirectory.Any(char.IsControl))
            origins.Report("dataDirectory", settings.DataDirectory, "is not allowed; allowed: the path of a directory, without control characters.");
        MustExist("etcd:passwordFile", settings.Etcd.PasswordFile);
        MustExist("etcd:caFile", settings.Etcd.CaFile);
        MustExist("etcd:certificateFile", settings.Etcd.CertificateFile);
        MustExist("etcd:keyFile", settings.Etcd.KeyFile);
        MustExist("data:certificateFile", settings.Data.CertificateFile);
        MustExist("data:keyFile", settings.Data.KeyFile);
        MustExist("admin:tokenFile", settings.Admin.TokenFile);
        MustExist("admin:certificateFile", settings.Admin.CertificateFile);
        MustExist("admin:keyFile", settings.Admin.KeyFile);
        if (settings.Admin.Token is { } token && !IsToken(token))
            origins.Report("admin:token", null, $"is not allowed; allowed: at least {MinTokenLength} characters, visible ASCII, no spaces.");
        Exclusive("etcd:password", settings.Etcd.Password, "etcd:passwordFile", settings.Etcd.PasswordFile);
        Exclusive("admin:token", settings.Admin.Token, "admin:tokenFile", settings.Admin.TokenFile);
        Together("etcd:certificateFile", settings.Etcd.CertificateFile, "etcd:keyFile", settings.Etcd.KeyFile);
        Together("data:certificateFile", settings.Data.CertificateFile, "data:keyFile", settings.Data.KeyFile);
        Together("admin:certificateFile", settings.Admin.CertificateFile, "admin:keyFile", settings.Admin.KeyFile);
    }

    private void CheckTelemetry()
    {
        var otlp = settings.Telemetry.Otlp;
        if (settings.Telemetry.ServiceName.Length == 0)
            origins.Report("telemetry:serviceName", "", "is not allowed; allowed: a name.");
        if (otlp.Headers is { } headers && headers.Split(',').Any(h => h.IndexOf('=', StringComparison.Ordinal) < 1))
            origins.Report("telemetry:otlp:headers", null, "is not allowed; allowed: NAME=VALUE, with commas.");
        MustExist("telemetry:otlp:headersFile", otlp.HeadersFile);
        Exclusive("telemetry:otlp:headers", otlp.Headers, "telemetry:otlp:headersFile", otlp.HeadersFile);
        if (settings.Logging is { RequestFile: { } file, Requests: false })
            origins.Report("logging:requestFile", file, "is given, but logging.requests is off; allowed with it on only.");
    }

    /// <summary>It travels in a header.</summary>
    internal static bool IsToken(string token) => token.Length >= MinTokenLength && !token.Any(c => c is <= ' ' or > '~');

    private void MustExist(string path, string? file)
    {
        if (file is not null && !File.Exists(file))
            origins.Report(path, file, "does not exist, or cannot be read by this user.");
    }

    private void Exclusive(string path, string? value, string filePath, string? file)
    {
        if (value is not null && file is not null)
            origins.Report(filePath, file, $"is given and so is {path.Replace(':', '.')}; allowed: one of the two.");
    }

    private void Together(string one, string? oneValue, string other, string? otherValue)
    {
        if (oneValue is null != otherValue is null)
        {
            var (given, missing) = oneValue is null ? (other, one) : (one, other);
            origins.Report(missing, null, $"is missing: {given.Replace(':', '.')} is given, and the two belong together.");
        }
    }

    private void CheckNode(NodeSettings node, string path)
    {
        if (node.Id is null)
            ReportMissing($"{path}:id");
        else if (!NodeIds.IsAllowed(node.Id))
            origins.Report($"{path}:id", node.Id, NodeIds.Allowed);
        else if (!ReferenceEquals(settings.Nodes.First(n => n.Id == node.Id), node))
            origins.Report($"{path}:id", node.Id, "is the id of another node in the list too; allowed: one node for each id.");
        if (node.LocalNodeUrl is null && node.Register)
            ReportMissing($"{path}:local_node_url");
        // A name is looked up when it is connected to.
        if (node.LocalNodeUrl is { } url && IPAddress.TryParse(url.DnsSafeHost, out var address)
            && settings.ToNodeNetworks() is var networks && !networks.Allows(address))
        {
            origins.Report($"{path}:local_node_url", url.OriginalString, $"is not allowed; allowed by nodeNetworks: {networks}.");
        }
        if (!node.Register && settings.Store == StoreKind.Embedded)
            origins.Report($"{path}:register", "off", "is not allowed with \"store\": \"embedded\", where no server can register itself; allowed: on.");
        if (node.Release == ReleaseMode.Restart && node.RestartCommand.IsEmpty)
            origins.Report($"{path}:restartCommand", null, "is missing: \"release\": \"restart\" needs the command that restarts the server.");
    }

    // Not when it is there and was already refused for its value.
    private void ReportMissing(string path)
    {
        if (!origins.IsGiven(path))
            origins.Report(path, null, "is missing.");
    }

    private void CheckPlacement()
    {
        const string path = "placement:ranges";
        var ranges = settings.Placement.Ranges;
        if (settings.Placement.Mode == PlacementMode.Balanced)
        {
            if (!ranges.IsEmpty)
                origins.Report(path, null, "is given, but placement.mode is 'balanced'; allowed with 'static' only.");
            return;
        }
        StaticPlacement.Expand(ranges, (range, problem) =>
            origins.Report(range is null ? path : $"{path}:{range}", null, problem));
        foreach (var (range, node) in ranges)
            CheckNodeIsKnown($"{path}:{range}", node, mustBeListed: true);
    }

    private void CheckPins()
    {
        var seen = new Dictionary<BasePrefix, string>();
        foreach (var (pin, node) in settings.Pins)
        {
            if (!BasePrefix.TryParse(pin, out var prefix))
                origins.Report($"pins:{pin}", null, "is not allowed; allowed: a whole UUID, or its first 8 or more hex digits, dashed or not.");
            else if (!seen.TryAdd(prefix, pin))
                origins.Report($"pins:{pin}", null, $"names the same bases as '{seen[prefix]}'; allowed: one pin for each.");
            CheckNodeIsKnown($"pins:{pin}", node, mustBeListed: false);
        }
    }

    /// <summary>Servers of a SeaTable cluster register themselves, so that with etcd and no list any node id may come.</summary>
    private void CheckNodeIsKnown(string path, string node, bool mustBeListed)
    {
        if (!mustBeListed && settings.Nodes.IsEmpty && settings.Store == StoreKind.Etcd)
        {
            if (!node.StartsWith(NodeRecord.IdPrefix, StringComparison.Ordinal))
                origins.Report(path, node, $"is no node id; ids begin with '{NodeRecord.IdPrefix}'.");
            return;
        }
        if (settings.Nodes.Any(n => n.Id == node))
            return;
        var known = settings.Nodes.IsEmpty ? "none" : string.Join(", ", settings.Nodes.Select(n => n.Id).OfType<string>());
        origins.Report(path, node, $"is not among the nodes; known: {known}.");
    }
}
