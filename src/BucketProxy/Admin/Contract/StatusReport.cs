using System.ComponentModel;
using BucketProxy.Cluster.View;

namespace BucketProxy.Admin.Contract;

/// <summary>How the cluster is, as the instance that answers sees it.</summary>
[Description("How the cluster is, as the instance that answers sees it.")]
internal sealed record StatusReport
{
    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The instance that answers.</summary>
    public required string Instance { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>What it does: proxy, monitor.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Whether it is ready, and if not, why.</summary>
    public required HealthReport Health { get; init; }

    /// <summary>Where the state lives and how well it is followed.</summary>
    public required StoreReport Store { get; init; }

    /// <summary>The routing table in use.</summary>
    public required TableReport Table { get; init; }

    /// <summary>Whether this instance has read the cluster's state. Until then leader, frozen, proxies, order, moving and shares are unknown and left
    /// out: an instance that starts by its last table is ready before it has.</summary>
    [Description("Whether this instance has read the cluster's state. While false, leader, frozen, proxies, order, moving and shares are unknown and left out.")]
    public required bool Known { get; init; }

    /// <summary>The leading monitor; null: there is none, or it is unknown.</summary>
    public LeaderReport? Leader { get; init; }

    /// <summary>Whether nothing changes owner until an operator says so, and why; null: unknown.</summary>
    [Description("Whether nothing changes owner until an operator says so; left out: unknown.")]
    public bool? Frozen { get; init; }

    /// <inheritdoc cref="Frozen"/>
    public string? FrozenReason { get; init; }

    /// <summary>The proxies; null: unknown.</summary>
    [Description("The proxies; left out: unknown.")]
    public IReadOnlyList<ProxyReport>? Proxies { get; init; }

    /// <summary>What each dtable-server has of the buckets; null: unknown.</summary>
    [Description("What each dtable-server has of the buckets; left out: unknown.")]
    public IReadOnlyList<ShareReport>? Shares { get; init; }

    /// <summary>What is guaranteed when buckets leave dtable-servers or a server is lost, and on what that rests.</summary>
    public required IReadOnlyList<GuaranteeReport> Guarantees { get; init; }

    /// <summary>The last rebalance order.</summary>
    public OrderReport? Order { get; init; }

    /// <summary>Moves that stand; null: unknown.</summary>
    [Description("Moves that stand; left out: unknown.")]
    public int? Moving { get; init; }

    /// <summary>The bases with the most requests, busiest first.</summary>
    public required IReadOnlyList<BaseLoad> HottestBases { get; init; }

    /// <summary>Those worth a pin, busiest first: their bucket alone is more than a server's fair share, so no move of buckets evens it out.</summary>
    public required IReadOnlyList<PinAdviceReport> WorthAPin { get; init; }

    /// <summary>What is wrong, and what to do.</summary>
    public required IReadOnlyList<AlarmReport> Alarms { get; init; }
}

/// <summary>Ready or not, with the reasons.</summary>
/// <param name="Ready">True: it should get requests.</param>
/// <param name="Reasons">Why not.</param>
internal sealed record HealthReport(bool Ready, IReadOnlyList<string> Reasons)
{
    /// <summary>What is not as it should be, and no reason to send requests elsewhere: no other proxy would serve them better.</summary>
    [Description("What is not as it should be, and no reason to send requests elsewhere: no other proxy would serve them better.")]
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>What a dtable-server has of the buckets.</summary>
/// <param name="Node">The node id.</param>
/// <param name="Buckets">How many.</param>
/// <param name="Share">That by all 256, from 0 to 1.</param>
/// <param name="State">live, missing, suspect or dead; then draining and cordoned, where it is.</param>
internal sealed record ShareReport(string Node, int Buckets, double Share, string State);

/// <summary>The store.</summary>
/// <param name="Description">What it is.</param>
/// <param name="Connected">A watch stands and the last comparing read was answered.</param>
/// <param name="ClusterId">Its identity, in hex.</param>
/// <param name="Revision">The revision mirrored.</param>
/// <param name="AgeSeconds">Since the store last confirmed it; null: never.</param>
/// <param name="WatchRestarts">Watches opened after the first.</param>
/// <param name="NotAdopted">Why the store as it is now is not followed.</param>
/// <param name="LastError">The last failure.</param>
internal sealed record StoreReport(
    string Description, bool Connected, string ClusterId, long Revision, double? AgeSeconds, long WatchRestarts, string? NotAdopted, string? LastError);

/// <summary>The routing table in use.</summary>
/// <param name="Revision">The store revision it mirrors.</param>
/// <param name="Stale">It came from disk, and the store has not confirmed it.</param>
/// <param name="Open">Buckets whose requests pass.</param>
/// <param name="Moving">Buckets whose requests are held for a move.</param>
/// <param name="Unassigned">Buckets without an owner.</param>
/// <param name="Pins">Pins with an owner.</param>
internal sealed record TableReport(long Revision, bool Stale, int Open, int Moving, int Unassigned, int Pins);

/// <summary>The leading monitor.</summary>
/// <param name="Instance">Its instance.</param>
/// <param name="Address">Where its admin port is.</param>
internal sealed record LeaderReport(string Instance, string? Address);

/// <summary>A proxy.</summary>
/// <param name="Instance">Its instance.</param>
/// <param name="Address">Where its admin port is.</param>
/// <param name="Version">Its version.</param>
/// <param name="OnStoreLoss">What it does when it cannot renew its lease.</param>
/// <param name="Alive">Its lease lives.</param>
/// <param name="Left">It stopped for good.</param>
/// <param name="Busy">Bucket to what keeps it busy, where a move waits for it.</param>
internal sealed record ProxyReport(
    string Instance, string? Address, string? Version, StoreLossMode OnStoreLoss, bool Alive, bool Left, IReadOnlyDictionary<string, string> Busy);

/// <summary>What is guaranteed of some dtable-servers.</summary>
/// <param name="Nodes">The servers.</param>
/// <param name="Guarantee">What.</param>
internal sealed record GuaranteeReport(IReadOnlyList<string> Nodes, string Guarantee);

/// <summary>The last rebalance order.</summary>
/// <param name="Plan">Its id.</param>
/// <param name="By">Who ordered it.</param>
/// <param name="At">When.</param>
/// <param name="Pending">Moves still to be made.</param>
/// <param name="Done">Nothing is left to do.</param>
internal sealed record OrderReport(string Plan, string? By, DateTimeOffset At, int Pending, bool Done);

/// <summary>A base worth a pin.</summary>
/// <param name="Base">The base.</param>
/// <param name="Bucket">Its bucket.</param>
/// <param name="Node">Who owns it; null: nobody.</param>
/// <param name="Rate">Its requests a second.</param>
/// <param name="BucketRate">Those of its bucket, without what is pinned already.</param>
/// <param name="FairShare">Requests a second that the owner would have if all servers had their share by weight.</param>
internal sealed record PinAdviceReport(string Base, string Bucket, string? Node, double Rate, double BucketRate, double FairShare);

/// <summary>Something that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">Whom it is about; empty: the cluster.</param>
/// <param name="Message">What was seen.</param>
/// <param name="WhatToDo">What an operator does about it.</param>
internal sealed record AlarmReport(string Kind, string Subject, string Message, string WhatToDo);
