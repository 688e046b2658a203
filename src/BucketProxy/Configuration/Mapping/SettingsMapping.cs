using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration.Rules;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Participation;
using BucketProxy.Monitor.Options;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Configuration.Mapping;

/// <summary>The settings as each part of the program takes them. Only for settings without errors.</summary>
internal static class SettingsMapping
{
    /// <summary>For the monitor.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="instance">This process's instance id.</param>
    /// <param name="address">Where this process's admin port is reached, or null.</param>
    public static MonitorOptions ToMonitorOptions(this BucketProxySettings settings, string instance, string? address)
    {
        var monitor = settings.Monitor;
        return new MonitorOptions
        {
            Instance = instance,
            Address = address,
            Nodes = [.. settings.Nodes.Select(ToNodeOptions)],
            NodeNetworks = settings.ToNodeNetworks(),
            Placement = new PlacementOptions
            {
                Mode = settings.Placement.Mode,
                Ranges = [.. settings.Placement.Ranges.Select(r => ToRange(r.Key, r.Value))],
                Pins = [.. settings.Pins.Select(p => new PinOptions(ToPrefix(p.Key), p.Value))],
            },
            MinNodes = monitor.MinNodes,
            AutoRebalance = monitor.AutoRebalance,
            LeaderLease = monitor.LeaderLease,
            LeaderMargin = monitor.LeaderMargin,
            QuiesceTimeout = monitor.QuiesceTimeout,
            ReleaseTimeout = monitor.ReleaseTimeout,
            SettleTime = monitor.SettleTime,
            LateSaveTime = monitor.LateSaveTime,
            Hold = settings.Data.HoldTime,
            RetryPause = monitor.RetryPause,
            RetryPauseLimit = monitor.RetryPauseLimit,
            OrderAttempts = monitor.OrderAttempts,
            ParallelMoves = monitor.ParallelMoves,
            PingInterval = monitor.PingInterval,
            PingTimeout = monitor.PingTimeout,
            NodeGrace = monitor.NodeGrace,
            RegistrationTimeout = monitor.RegistrationTimeout,
            RefreshTimeout = monitor.RefreshTimeout,
            MassLossWindow = monitor.MassLossWindow,
            RestTime = monitor.RestTime,
            LoadInterval = monitor.LoadInterval,
            ReleasePath = monitor.ReleasePath,
            AuditRetention = monitor.AuditRetention,
        };
    }

    /// <summary>For the data port.</summary>
    public static GatewayOptions ToGatewayOptions(this BucketProxySettings settings)
    {
        var data = settings.Data;
        return new GatewayOptions
        {
            Address = data.Listen.Address?.ToString() ?? "*",
            Port = data.Listen.Port,
            CertificateFile = data.CertificateFile,
            KeyFile = data.KeyFile,
            PathPrefixes = data.Prefixes,
            HoldTime = data.HoldTime,
            HoldPerBucket = data.HoldPerBucket,
            HoldTotal = data.HoldTotal,
            ReleaseAtOnce = data.ReleaseAtOnce,
            RetryAfter = data.RetryAfter,
            MaxBodyBytes = data.MaxBodySize.Bytes is var limit and > 0 ? limit : long.MaxValue,
            IdleTimeout = data.IdleTimeout,
            ConnectTimeout = data.ConnectTimeout,
            NodeKeepAlive = data.NodeKeepAlive,
            ClientKeepAlive = data.ClientKeepAlive,
            HeadersTimeout = data.HeadersTimeout,
            MaxHeaderBytes = (int)data.MaxHeaderSize.Bytes,
            MaxHeaderCount = data.MaxHeaderCount,
            MaxRequestLineBytes = (int)data.MaxRequestLine.Bytes,
            MaxConnections = data.MaxConnections,
            ReadAheadBytes = (int)data.ReadAhead.Bytes,
            WriteAheadBytes = (int)data.WriteAhead.Bytes,
            SysInfoTimeout = data.SysInfoTimeout,
            CloseSpread = data.CloseSpread,
            NodeRunOut = data.NodeRunOut,
            BroadcastWait = data.BroadcastWait,
            DrainGrace = data.DrainGrace,
            DrainLimit = data.DrainLimit,
            HottestBases = data.HottestBases,
            NodeNetworks = settings.ToNodeNetworks(),
            InlineScheduling = data.InlineScheduling,
            Forwarder = data.Forwarder,
            NodeHttpVersion = data.NodeHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
        };
    }

    /// <summary>For the gate's port: as the data port, but for where it is opened, and without a grace: nobody else can serve in its place.</summary>
    public static GatewayOptions ToGateDataOptions(this BucketProxySettings settings) => settings.ToGatewayOptions() with
    {
        Address = settings.Gate.Listen.Address?.ToString() ?? "*",
        Port = settings.Gate.Listen.Port,
        DrainGrace = TimeSpan.Zero,
    };

    /// <summary>For the gate. Only for the role <c>gate</c>, whose settings have a node and an address.</summary>
    public static GateOptions ToGateOptions(this BucketProxySettings settings)
    {
        var gate = settings.Gate;
        var command = gate.Supervise ? gate.Command : [];
        return new GateOptions
        {
            Node = gate.Node ?? throw new InvalidOperationException("gate.node is missing."),
            Server = gate.Server,
            Advertise = gate.Advertise ?? throw new InvalidOperationException("gate.advertise is missing."),
            AdvertiseNodeUrl = gate.AdvertiseNodeUrl,
            Command = command,
            WorkingDirectory = gate.WorkingDirectory,
            StopSignal = gate.StopSignal,
            SaveTime = gate.SaveTime,
            LateSaveTime = gate.LateSaveTime,
            LeaseTimeToLive = gate.LeaseTimeToLive,
            Margin = gate.Margin,
            StartTimeout = gate.StartTimeout,
            Release = gate.Release ?? (command.IsEmpty ? GateRelease.None : GateRelease.Restart),
            ReleasePath = gate.ReleasePath,
        };
    }

    /// <summary>For a proxy's part in the cluster.</summary>
    public static ProxyAgentOptions ToProxyAgentOptions(
        this BucketProxySettings settings, string instance, string? address, string? version, IReadOnlyList<string> predecessors) => new()
        {
            Instance = instance,
            Address = address,
            Version = version,
            OnStoreLoss = settings.OnStoreLoss,
            LeaseTimeToLive = settings.Proxy.Lease,
            FenceMargin = settings.Proxy.FenceMargin,
            LoadInterval = settings.Proxy.LoadInterval,
            Predecessors = predecessors,
        };

    /// <summary>For the gate's part as a proxy: it fences, since its server must not be reached once its lease may have ended. Its load is
    /// left out: a proxy has counted it.</summary>
    public static ProxyAgentOptions ToGateProxyOptions(
        this BucketProxySettings settings, string instance, string? address, string? version, IReadOnlyList<string> predecessors)
    {
        var lease = settings.Gate.LeaseTimeToLive;
        // Later than the gate stops admitting to its own server: what is in flight there may end while the server saves.
        var margin = settings.Gate.Margin;
        return new ProxyAgentOptions
        {
            Instance = OfGate(instance),
            Address = address,
            Version = version,
            OnStoreLoss = StoreLossMode.Fence,
            LeaseTimeToLive = lease,
            FenceMargin = margin < lease * 0.4 ? margin : lease * 0.4,
            LoadInterval = TimeSpan.Zero,
            Predecessors = [.. predecessors.Select(OfGate)],
        };

        // A proxy may stand in the same process, under the process's own id.
        static string OfGate(string id) => id + ".gate";
    }

    /// <summary>How the gate asks its server.</summary>
    public static NodeCallOptions ToGateCallOptions(this BucketProxySettings settings) => new()
    {
        PingTimeout = settings.Monitor.PingTimeout,
        ReleasePath = settings.Gate.ReleasePath,
    };

    /// <summary>For the embedded store.</summary>
    public static EmbeddedStoreOptions ToEmbeddedStoreOptions(this BucketProxySettings settings) => new()
    {
        Directory = Path.Combine(settings.DataDirectory, "store"),
        ClusterId = ClusterIdOf(settings.Cluster),
    };

    /// <summary>For the etcd client. Reads the password and the certificates from their files.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="CryptographicException">A file holds no certificate or key.</exception>
    public static EtcdClientOptions ToEtcdClientOptions(this BucketProxySettings settings)
    {
        var etcd = settings.Etcd;
        var tls = etcd.UsesTls ? EtcdTls.FromPemFiles(etcd.CaFile, etcd.CertificateFile, etcd.KeyFile) : null;
        return new EtcdClientOptions
        {
            Endpoints = [.. etcd.Endpoints.Select(e => EtcdEndpoint.Parse(e, tls is not null))],
            Tls = tls,
            Credentials = etcd.User is { } user ? new EtcdCredentials(user, SecretFile.Resolve(etcd.Password, etcd.PasswordFile) ?? "") : null,
            CallTimeout = etcd.CallTimeout,
        };
    }

    /// <summary>A cluster's identity, made of its name: a directory of one cluster is refused by another one.</summary>
    internal static ulong ClusterIdOf(string cluster) =>
        Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(cluster))));

    /// <summary>How keys are spelled.</summary>
    public static KeySchema ToKeySchema(this BucketProxySettings settings) => new(settings.Etcd.KeyPrefix);

    /// <summary>The token that orders need, or null: none is asked for. Reads it from its file.</summary>
    /// <exception cref="ArgumentException">The file's token is too short, or holds what a header cannot.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string? ToAdminToken(this AdminSettings settings)
    {
        if (SecretFile.Resolve(settings.Token, settings.TokenFile) is not { } token)
            return null;
        return SettingsRules.IsToken(token)
            ? token
            : throw new ArgumentException($"the token in the file is not allowed; allowed: at least {SettingsRules.MinTokenLength} characters, visible ASCII, no spaces.");
    }

    /// <summary>What the parts themselves find wrong.</summary>
    public static IEnumerable<string> Problems(BucketProxySettings settings) =>
    [
        .. settings.ToMonitorOptions("check", null).Validate(),
        .. settings.ToGatewayOptions().Problems(),
        .. settings.Roles.Contains(Role.Gate) ? Problem("gate", () => settings.ToGateOptions().Validate()) : [],
        .. Problem("proxy", () => settings.ToProxyAgentOptions("check", null, null, []).Validate()),
        .. Problem("store", () => settings.ToEmbeddedStoreOptions().Validate()),
        .. settings.Store == StoreKind.Etcd ? Problem("etcd", () => settings.ToEtcdClientOptions().Validate()) : [],
        .. CertificateProblem("data.certificateFile", settings.Data.CertificateFile, settings.Data.KeyFile),
        .. CertificateProblem("admin.certificateFile", settings.Admin.CertificateFile, settings.Admin.KeyFile),
        .. Problem("admin.tokenFile", () => settings.Admin.ToAdminToken()),
    ];

    private static IEnumerable<string> CertificateProblem(string part, string? file, string? keyFile) => file is null
        ? []
        : Problem(part, () => new ServerCertificate(file, keyFile, TimeProvider.System, NullLogger.Instance).Dispose());

    private static IEnumerable<string> Problem(string part, Action check)
    {
        try
        {
            check();
            return [];
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            return [$"{part}: {e.Message}"];
        }
    }

    private static NodeOptions ToNodeOptions(NodeSettings node) => new()
    {
        Id = node.Id ?? "",
        LocalNodeUrl = node.LocalNodeUrl?.OriginalString,
        NodeUrl = node.NodeUrl?.OriginalString,
        Register = node.Register,
        Weight = node.Weight,
        Capacity = node.Capacity,
        Release = node.Release,
        FollowsPins = node.FollowsPins,
        RestartCommand = node.RestartCommand,
    };

    private static StaticRange ToRange(string range, string node) => StaticPlacement.TryParseRange(range, out var first, out var last)
        ? new StaticRange(first, last, node)
        : throw new FormatException($"'{range}' is no range of buckets.");

    private static BasePrefix ToPrefix(string pin) => BasePrefix.TryParse(pin, out var prefix)
        ? prefix
        : throw new FormatException($"'{pin}' is no pin.");
}
