using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>Writes the report when it has changed.</summary>
internal static class ReportKeeping
{
    public const string Subject = "report";

    public static void Run(Turn turn)
    {
        if (turn.IsWriting(Subject))
            return;
        var text = RecordJson.Write(new MonitorReport
        {
            By = turn.Options.Instance,
            Alarms = [.. turn.Alarms.Select(a => new AlarmRecord(a.KindName, a.Subject, a.Message, a.WhatToDo))],
            Nodes = turn.Nodes.All.ToImmutableSortedDictionary(n => n.Id, n => Name(n.Standing), StringComparer.Ordinal),
        });
        if (text == turn.State.Report)
            return;
        turn.Write(Subject, "report", [], StoreOperation.PutText(turn.Keys.Report, text));
        turn.State = turn.State with { Report = text };
    }

    public static string Name(NodeStanding standing) => standing switch
    {
        NodeStanding.Live => "live",
        NodeStanding.Suspect => "suspect",
        NodeStanding.Missing => "missing",
        _ => "dead",
    };
}
