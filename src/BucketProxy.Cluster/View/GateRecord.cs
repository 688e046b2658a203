using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace BucketProxy.Cluster.View;

/// <summary>
/// The value of <c>bucketproxy/gates/&lt;node&gt;</c>, which lives under the gate's lease: what the gate says of itself, of its server, and
/// of the moves that take buckets from it. The node's registration stands under the same lease, from when the server answers.
/// </summary>
/// <remarks>
/// While the key stands, the server of <see cref="Incarnation"/> may hold bases. Once it is gone, or says <see cref="Exited"/> of that
/// incarnation, a supervised server is dead for certain (G4, G5, G8): the gate's deadline lies before the end of its lease.
/// </remarks>
public sealed record GateRecord
{
    /// <summary>The gate's process; unique per process.</summary>
    public required string Instance { get; init; }

    /// <summary>The run of the server behind the gate that may hold bases; null: none runs yet, or it is being restarted.</summary>
    public string? Incarnation { get; init; }

    /// <summary>Where proxies reach the gate: the same as the registration's <c>local_node_url</c>.</summary>
    public required string Url { get; init; }

    /// <summary>True: the gate owns its server's process, and kills it before its lease can end. False: nobody may be granted anything
    /// because the gate's lease ended.</summary>
    public bool Supervised { get; init; }

    /// <summary>How the server gives a bucket up: <see cref="ReleaseMode.Call"/> or <see cref="ReleaseMode.Restart"/>, or
    /// <see cref="ReleaseMode.None"/> where the gate can do neither.</summary>
    public ReleaseMode Release { get; init; }

    /// <summary>Time to live of its lease, in seconds.</summary>
    public double LeaseSeconds { get; init; }

    /// <summary>How long a save of a dead server can still land, in seconds: a grant by exit or expiry settles so long (G9).</summary>
    public double LateSaveSeconds { get; init; }

    /// <summary>How long the server takes to save when it is stopped, at most, in seconds; for people, and for what a restart costs.</summary>
    public double SaveSeconds { get; init; }

    /// <summary>How long the last restart took, from the stop signal until the server answered again, in seconds; null: there was none.</summary>
    public double? RestartSeconds { get; init; }

    /// <summary>How long the last start took, from the start of the process until it answered, in seconds; null: there was none. With
    /// <see cref="SaveSeconds"/> it says what a restart costs before there was one.</summary>
    public double? StartSeconds { get; init; }

    /// <summary>The last incarnation that is gone, as the gate saw itself (G8); null: none is. Equal to <see cref="Incarnation"/>: the
    /// server is dead, and its buckets are orphans.</summary>
    public string? Exited { get; init; }

    /// <summary>Bucket (two hex digits) to create-revision of the move: nothing of this very move is in flight through the gate, and
    /// nothing more will be (G3).</summary>
    public ImmutableSortedDictionary<string, long> Silent { get; init; } = Empty;

    /// <summary>Bucket to create-revision of the move: the gate is silent, and the server has let go of the bucket (G3).</summary>
    public ImmutableSortedDictionary<string, long> Released { get; init; } = Empty;

    /// <summary>Bucket to what keeps it busy or failed, for people: why a move waits on this gate.</summary>
    public ImmutableSortedDictionary<string, string> Busy { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The gate's version, for people.</summary>
    public string? Version { get; init; }

    /// <summary>Create-revision of the key: names this gate's stay.</summary>
    [JsonIgnore]
    public long CreateRevision { get; init; }

    /// <summary>Mod-revision of the key.</summary>
    [JsonIgnore]
    public long ModRevision { get; init; }

    /// <summary>Whether the server that it vouched for is dead, and no other has taken its place.</summary>
    [JsonIgnore]
    public bool HasExited => Exited is not null && Exited == Incarnation;

    private static ImmutableSortedDictionary<string, long> Empty { get; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);
}
