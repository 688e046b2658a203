using System.Diagnostics.Metrics;
using System.Reflection;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Routing;
using BucketProxy.Monitor.Alarms;
using OpenTelemetry.Metrics;

namespace BucketProxy.Admin;

/// <summary>What the admin port shows and acts on: the parts of this process.</summary>
internal sealed class AdminContext
{
    /// <summary>The settings.</summary>
    public required BucketProxySettings Settings { get; init; }

    /// <summary>This process's instance id.</summary>
    public required string Instance { get; init; }

    /// <summary>The store, in words.</summary>
    public required string StoreDescription { get; init; }

    /// <summary>The newest view.</summary>
    public required IViewSource Views { get; init; }

    /// <summary>How well the store is followed.</summary>
    public required Func<MirrorStatus> Mirror { get; init; }

    /// <summary>The table in use; of a monitor without a proxy: the one that a proxy would use.</summary>
    public required Func<RoutingTable> Table { get; init; }

    /// <summary>Orders, and what the leader knows.</summary>
    public required IClusterDesk Desk { get; init; }

    /// <summary>Reasons of other parts not to be ready; each answers null while all is well. For example: it is stopping.</summary>
    public IReadOnlyList<Func<string?>> NotReady { get; init; } = [];

    /// <summary>After how long without a word from the store a proxy that fences, or a monitor, is not ready.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The figures that <c>/metrics</c> shows; null: none are collected.</summary>
    public MeterProvider? Figures { get; init; }

    /// <summary>Makes the meters of the port's server; null: they are of the port alone, and nobody reads them.</summary>
    public IMeterFactory? Meters { get; init; }

    /// <summary>The newest view, or null.</summary>
    public ClusterView? View => Views.Current;

    /// <summary>
    /// The program's version as <c>Directory.Build.props</c> has it, <c>-rc.1</c> and the like included. Without the commit that a build in
    /// a repository adds: an image is built outside of one, and the same release must say the same.
    /// </summary>
    public static string Version { get; } =
        typeof(AdminContext).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Ready, or why not; and what is not as it should be.</summary>
    public HealthReport Health()
    {
        var status = Mirror();
        var table = Table();
        List<string> reasons = [.. NotReadyByStore(status, table), .. NotReady.Select(r => r()).OfType<string>()];
        return new HealthReport(reasons.Count == 0, reasons) { Remarks = [.. HealthRemarks.Of(status, table, View is not null)] };
    }

    private IEnumerable<string> NotReadyByStore(MirrorStatus status, RoutingTable table)
    {
        var isProxy = Settings.Roles.Contains(Role.Proxy);
        if (isProxy && table.Revision == 0)
            yield return $"no routing table yet: {NotRead(status)}";
        if (!isProxy && View is null)
            yield return NotRead(status);
        if (status.NotAdopted is { } notAdopted)
            yield return $"the store is not followed: {notAdopted}. Accept it with POST /api/store/accept if it is the right one";
        else if (status.Age is { } age && age > StaleAfter && (Settings.OnStoreLoss == StoreLossMode.Fence || !isProxy))
            yield return $"the store has said nothing for {age.TotalSeconds:0} s: {status.LastError ?? "no error"}";
    }

    // The cause is what an operator needs: a wrong password is not the same as a wrong address.
    private static string NotRead(MirrorStatus status) =>
        status.LastError is { } cause ? $"the store has not been read: {cause}" : "the store has not been read yet";

    /// <summary>What the leader sees, and what this instance must say for itself, because the leader cannot.</summary>
    public IReadOnlyList<AlarmReport> Alarms() =>
        [.. OwnAlarms(Mirror()).Select(own => new AlarmReport(own.KindName, own.Subject, own.Message, own.WhatToDo)), .. Desk.Alarms()];

    private IEnumerable<Alarm> OwnAlarms(MirrorStatus status)
    {
        if (status.NotAdopted is { } reason)
            yield return Alarm.NotAdopted(reason);
        else if (HealthRemarks.IsStale(status))
            yield return Alarm.StoreStale(Instance, status.LastError);
    }

    /// <summary>Everything at a glance.</summary>
    public StatusReport Status()
    {
        var view = View;
        var nodes = NodeReports.Of(view, Settings.Nodes, Desk.Standings());
        return new StatusReport
        {
            Cluster = Settings.Cluster,
            Instance = Instance,
            Version = Version,
            Roles = [.. Settings.Roles.Select(r => r.ToString().ToLowerInvariant())],
            Health = Health(),
            Store = ClusterReports.Store(StoreDescription, Mirror()),
            Table = ClusterReports.Table(Table()),
            Known = view is not null,
            Leader = view?.Leader is { } leader ? new Contract.LeaderReport(leader.Instance, leader.Address) : null,
            Frozen = view?.Policy.Frozen,
            FrozenReason = view?.Policy.FrozenReason,
            Proxies = ClusterReports.Proxies(view),
            Shares = view is null ? null : NodeReports.Shares(nodes),
            Guarantees = Guarantees.Of(nodes),
            Order = ClusterReports.Order(view),
            Moving = view?.Moves.Count,
            HottestBases = ClusterReports.Hottest(view),
            WorthAPin = PinAdvice.Of(Table(), view, nodes),
            Alarms = Alarms(),
        };
    }
}
