using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Gating;

/// <summary>What the gate sees when it decides.</summary>
public sealed record GateInput
{
    /// <summary>Its standing.</summary>
    public required GateState State { get; init; }

    /// <summary>What came back since the last decision, in order.</summary>
    public ImmutableArray<GateEvent> Events { get; init; } = [];

    /// <summary>How it takes part.</summary>
    public required GateAgentOptions Options { get; init; }

    /// <summary>The gate's monotonic clock.</summary>
    public required TimeSpan Now { get; init; }

    /// <summary>The newest view of the store, or null before the first.</summary>
    public ClusterView? View { get; init; }

    /// <summary>For how long the lease of its key lives for certain, counted from the sending of the last renewal (G4); null: it has none, or
    /// the store said it is lost.</summary>
    public TimeSpan? LeaseRemaining { get; init; }

    /// <summary>The server is not the gate's to start, and has not answered for so long that nobody must be sent to it any more.</summary>
    public bool ServerIsGone { get; init; }

    /// <summary>Whether the gate's part as a proxy serves a table: it is known to the cluster, and read afterwards.</summary>
    public bool IsServing { get; init; }

    /// <summary>Bucket to create-revision of the move: of this very move nothing is in flight through the gate, and nothing more will be.</summary>
    public ImmutableSortedDictionary<string, long> Silent { get; init; } = GateState.Moves;

    /// <summary>Whether nothing at all is in flight to the run, and the table in force admits nothing to it.</summary>
    public bool RunIsSilent { get; init; }

    /// <summary>Bucket to what keeps it busy, for people.</summary>
    public ImmutableSortedDictionary<string, string> Busy { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Guards taken out by a test.</summary>
    internal GateMutations Mutations { get; init; }

    internal bool Has(GateMutations mutation) => (Mutations & mutation) != 0;
}

/// <summary>A release to be asked of the server.</summary>
public sealed record ReleaseWish(Bucket Bucket, BasePrefix? Pin, long Epoch, long Move);

/// <summary>What the gate does next. The parts are carried out in the order of the properties.</summary>
public sealed record GateDecision
{
    /// <summary>Its standing from here on.</summary>
    public required GateState State { get; init; }

    /// <summary>Whether requests may go to the run (G1, G6). What is published must say so before anything below is done.</summary>
    public required bool IsOpen { get; init; }

    /// <summary>End the run at once (G4).</summary>
    public bool Kill { get; init; }

    /// <summary>Ask the run to save and to end.</summary>
    public bool Stop { get; init; }

    /// <summary>Start a run.</summary>
    public bool Start { get; init; }

    /// <summary>Create the key, under a new lease if there is none, if nobody else's stands there (G7).</summary>
    public bool Register { get; init; }

    /// <summary>Delete the gate's own keys: its server, which it does not supervise, is gone, and what becomes of its buckets is decided as without
    /// a gate.</summary>
    public bool Leave { get; init; }

    /// <summary>Write this record, if the gate's own key still stands (G8); null: it is written already.</summary>
    public GateRecord? Write { get; init; }

    /// <summary>Whether the node's registration goes with <see cref="Write"/>: a new incarnation is published.</summary>
    public bool Publishes { get; init; }

    /// <summary>Ask the server to release these.</summary>
    public ImmutableArray<ReleaseWish> Release { get; init; } = [];

    /// <summary>Decide again then, even if nothing happens; null: no need.</summary>
    public TimeSpan? WakeAt { get; init; }
}

/// <summary>
/// A gate's part in the cluster, as a pure function: <c>(standing, view, lease, server) → what to do</c>. The agent that carries it out, the
/// simulation and the exhaustive search all call this.
/// <code>
///   key      (none) ──create if absent (G7)──► stands ──lease lost, or somebody else's──► (none), once the run is dead
///   server   None ──key stands, lease safe──► Starting ──/ping/──► Running ──moves of release mode restart──► Draining
///              ▲                                 │                    │ lease about to end                      │ silent
///              └──── no process left ◄───────────┴────────────────── Stopping ◄──────────────────────────────────┘
///   open     Running, and the run published, and a table read behind that (G6), and the lease safe (G1), and no late save due (G9)
/// </code>
/// </summary>
public static class GateParticipant
{
    /// <summary>Decides. Calling it again with what it returned and nothing else changed asks for nothing more but what is still to be written.</summary>
    public static GateDecision Decide(GateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var turn = new GateTurn(input);
        turn.Observe();
        turn.KeepLease();
        turn.KeepServer();
        turn.FollowMoves();
        return turn.End();
    }
}
