using System.Collections.Immutable;

namespace BucketProxy.Cluster.View;

/// <summary>The value of <c>bucketproxy/report</c>: what only the leader can know, for every instance to show.</summary>
public sealed record MonitorReport
{
    /// <summary>The leader's instance.</summary>
    public string? By { get; init; }

    /// <summary>Everything that is wrong.</summary>
    public ImmutableArray<AlarmRecord> Alarms { get; init; } = [];

    /// <summary>Node id to standing: <c>live</c>, <c>missing</c>, <c>suspect</c>, <c>dead</c>.</summary>
    public ImmutableSortedDictionary<string, string> Nodes { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}

/// <summary>Something that is wrong.</summary>
/// <param name="Kind">What, for example <c>suspect-node</c>.</param>
/// <param name="Subject">Whom it is about: a node, proxy, key or bucket; empty: the cluster.</param>
/// <param name="Message">What was seen.</param>
/// <param name="WhatToDo">What an operator does about it.</param>
public sealed record AlarmRecord(string Kind, string Subject, string Message, string WhatToDo);
