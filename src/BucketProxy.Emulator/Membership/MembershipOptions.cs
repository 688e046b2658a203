using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;

namespace BucketProxy.Emulator.Membership;

/// <summary>How an emulated node takes part in a cluster.</summary>
public sealed record MembershipOptions
{
    /// <summary>How keys are spelled.</summary>
    public KeySchema Keys { get; init; } = new();

    /// <summary>
    /// How long the registration outlives the node's death; default 90 s as with dtable-server, whole seconds from 1 s. Lower: a dead node is found sooner, and a store
    /// that is away for that long takes the registration of a living one.
    /// </summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary><c>node_url</c>: where browsers reach the node; null: the same as <c>local_node_url</c>.</summary>
    public string? NodeUrl { get; init; }

    /// <summary>
    /// Whether the node gives up what <c>assign-xx</c> gives to another. False makes a node that keeps its copy and overwrites the new owner's saves:
    /// what a test needs to see that it would notice.
    /// </summary>
    public bool FollowAssignments { get; init; } = true;

    /// <summary>How it follows the store.</summary>
    public MirrorOptions Mirror { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names the key, the value and what is allowed.</exception>
    public void Validate()
    {
        if (LeaseTime < TimeSpan.FromSeconds(1))
            throw new ArgumentException($"{nameof(LeaseTime)}: '{LeaseTime}' is not allowed; it must be 1 s or more.");
    }
}
