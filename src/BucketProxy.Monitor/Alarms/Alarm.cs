using System.Text.Json;

namespace BucketProxy.Monitor.Alarms;

/// <summary>What can be wrong.</summary>
public enum AlarmKind
{
    /// <summary>A lost proxy that goes on serving by its last table keeps planned moves from starting.</summary>
    BlockingProxy,

    /// <summary>A node's registration is gone, but it answers.</summary>
    SuspectNode,

    /// <summary>A node is registered, but does not answer.</summary>
    SilentNode,

    /// <summary>Somebody else wrote <c>assign-xx</c>.</summary>
    ForeignWriter,

    /// <summary>Two servers use one node id.</summary>
    TwoNodesOneId,

    /// <summary>Too many owners went at once.</summary>
    MassLoss,

    /// <summary>Nothing changes owner until it is lifted.</summary>
    Frozen,

    /// <summary>The store is another one, or ran backwards.</summary>
    StoreNotAdopted,

    /// <summary>The store does not answer an instance.</summary>
    StoreStale,

    /// <summary>A wish cannot be carried out.</summary>
    MoveRefused,

    /// <summary>A bucket's move was aborted, more than once.</summary>
    MoveAborted,

    /// <summary>Fewer nodes than the first assignment waits for.</summary>
    WaitingForNodes,

    /// <summary>Buckets without a living owner that no node may take.</summary>
    NoOwner,

    /// <summary>A value in the store cannot be read.</summary>
    UnreadableKey,

    /// <summary>Buckets or bases are assigned to a server that nobody ever heard of.</summary>
    UnknownOwner,

    /// <summary>A gate lives, but its server does not run, or is not registered.</summary>
    GateWithoutServer,

    /// <summary>The settings, or a registration, contradict that a node is behind a gate.</summary>
    GateContradicted,
}

/// <summary>Something that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">Whom it is about: a node, proxy, key or bucket; empty: the cluster.</param>
/// <param name="Message">What was seen.</param>
/// <param name="WhatToDo">What an operator does about it.</param>
public sealed record Alarm(AlarmKind Kind, string Subject, string Message, string WhatToDo)
{
    /// <summary>The store is not followed. No leader can write this into the store, so every instance says it for itself.</summary>
    /// <param name="reason">Why not.</param>
    public static Alarm NotAdopted(string reason) => new(AlarmKind.StoreNotAdopted, "", $"The store is not adopted: {reason}. Nothing is changed.",
        "If the store was restored or replaced on purpose, accept it: accept-store.");

    /// <summary>The store does not answer an instance, which goes on by what it knows. Every instance says it for itself.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="cause">The last failure, or null: it is silent.</param>
    public static Alarm StoreStale(string instance, string? cause) => new(
        AlarmKind.StoreStale, instance, $"The store does not answer {instance}: {cause ?? "it is silent"}. A proxy goes on by its last table.",
        "Look at the store and at the way to it. Until it answers, this instance sees no change of owner: a server that is lost now keeps its buckets here, and planned moves wait.");

    /// <summary>The kind in words: <c>suspect-node</c>.</summary>
    public string KindName => JsonNamingPolicy.KebabCaseLower.ConvertName(Kind.ToString());

    /// <summary>Kind and subject, for people: <c>suspect-node dtable-server-02</c>.</summary>
    public string Name => Subject.Length == 0 ? KindName : $"{KindName} {Subject}";
}
