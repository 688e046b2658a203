using System.Globalization;
using BucketProxy.Admin.Contract;
using Spectre.Console;

namespace BucketProxy.Commands.Client;

/// <summary>The status, for people.</summary>
internal static class StatusView
{
    private const int HottestShown = 5;

    public static void Write(IAnsiConsole output, StatusReport status)
    {
        var (store, table) = (status.Store, status.Table);
        output.Write(new Text(string.Create(CultureInfo.InvariantCulture,
            $"""
            Cluster {status.Cluster}, seen by {status.Instance} (version {status.Version}; {string.Join(" and ", status.Roles)})
              {(status.Health.Ready ? "ready" : $"NOT READY: {string.Join("; ", status.Health.Reasons)}")}
              store    {store.Description}, revision {store.Revision}, {Followed(store)}
              table    revision {table.Revision}{(table.Stale ? ", STALE" : "")}: {table.Open} buckets open, {table.Moving} moving, {table.Unassigned} unassigned, {table.Pins} pins
              leader   {(status.Known ? status.Leader?.Instance ?? "none" : "unknown")}{(status.Leader?.Address is { } address ? $" at {address}" : "")}
              {Moves(status)}{(status.Order is { Done: false } order ? $"; order {order.Plan}: {order.Pending} moves to go" : "")}


            """)));
        foreach (var remark in status.Health.Remarks)
            output.Write(new Text($"NOTE {remark}.\n"));
        if (status.Known)
        {
            WriteShares(output, status.Shares ?? []);
            WriteProxies(output, status.Proxies ?? []);
        }
        else
        {
            output.Write(new Text("Servers and proxies: unknown; this instance has not read the cluster's state yet.\n"));
        }
        GuaranteeView.Write(output, status.Guarantees);
        if (status.HottestBases.Count > 0)
        {
            var hottest = Tables.New("hottest bases", "requests/s");
            foreach (var one in status.HottestBases.Take(HottestShown))
                hottest.AddRow(Tables.Row(one.Base, Math.Round(one.Rate, 1)));
            output.Write(hottest);
        }
        foreach (var one in status.WorthAPin.Take(HottestShown))
        {
            output.Write(new Text(string.Create(CultureInfo.InvariantCulture,
                $"WORTH A PIN: {one.Base} has {one.Rate:0.0} of the {one.BucketRate:0.0} requests/s of bucket {one.Bucket}, which alone is more than the fair share of {one.Node ?? "a server"} ({one.FairShare:0.0}): bucketproxy pin {one.Base} NODE\n")));
        }
        foreach (var alarm in status.Alarms)
        {
            output.Write(new Text($"ALARM {alarm.Kind}{(alarm.Subject.Length > 0 ? $" ({alarm.Subject})" : "")}: {alarm.Message}\n"));
            output.Write(new Text($"      {alarm.WhatToDo}\n"));
        }
        if (status.Alarms.Count == 0)
            output.Write(new Text("No alarms.\n"));
    }

    private static string Moves(StatusReport status) => status.Frozen switch
    {
        null => "moves    unknown",
        true => $"FROZEN   {status.FrozenReason ?? "no reason given"}",
        false => "moves    allowed",
    };

    private static void WriteShares(IAnsiConsole output, IReadOnlyList<ShareReport> shares)
    {
        var table = Tables.New("node", "buckets", "share", "is");
        foreach (var one in shares)
            table.AddRow(Tables.Row(one.Node, one.Buckets, one.Share.ToString("0.0 %", CultureInfo.InvariantCulture), one.State));
        if (shares.Count > 0)
            output.Write(table);
        else
            output.Write(new Text("No dtable-server is registered.\n"));
    }

    private static void WriteProxies(IAnsiConsole output, IReadOnlyList<ProxyReport> proxies)
    {
        var table = Tables.New("proxy", "is", "when the store is away", "version", "admin port", "busy");
        foreach (var proxy in proxies)
        {
            table.AddRow(Tables.Row(
                proxy.Instance, proxy.Left ? "left" : proxy.Alive ? "alive" : "LOST", proxy.OnStoreLoss.ToString().ToLowerInvariant(), proxy.Version, proxy.Address,
                proxy.Busy.Count == 0 ? null : string.Join("; ", proxy.Busy.Select(b => $"{b.Key}: {b.Value}"))));
        }
        if (proxies.Count > 0)
            output.Write(table);
    }

    private static string Followed(StoreReport store) => store switch
    {
        { NotAdopted: { } why } => $"NOT FOLLOWED: {why}",
        { Connected: true, AgeSeconds: { } age } => string.Create(CultureInfo.InvariantCulture, $"followed, confirmed {age:0.0} s ago"),
        _ => $"AWAY: {store.LastError ?? "no answer"}",
    };
}
