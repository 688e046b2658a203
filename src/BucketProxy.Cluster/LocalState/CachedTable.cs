using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;

namespace BucketProxy.Cluster.LocalState;

/// <summary>The last good table as it stands on disk.</summary>
internal sealed record CachedTable
{
    /// <summary>How far the store was seen.</summary>
    public required StoreMark Seen { get; init; }

    /// <summary>The revision that the table mirrors.</summary>
    public long Revision { get; init; }

    /// <summary>What the process that wrote this did on the loss of the store.</summary>
    public required StoreLossMode OnStoreLoss { get; init; }

    /// <summary>True once the process left the cluster: nobody waited for its silence any more from then on.</summary>
    public bool Left { get; init; }

    /// <summary>Entries of the 256 buckets and the pins; empty when <see cref="Left"/>.</summary>
    public IReadOnlyList<CachedEntry> Entries { get; init; } = [];

    /// <summary>Registered nodes, and owners that are not registered any more.</summary>
    public IReadOnlyList<CachedNode> Nodes { get; init; } = [];

    public static CachedTable Of(RoutingTable table, StoreMark seen, StoreLossMode onStoreLoss)
    {
        var entries = table.Buckets.Concat(table.Pins).ToList();
        var owners = entries.Select(e => e.Owner).OfType<NodeRecord>().DistinctBy(n => n.Id);
        return new CachedTable
        {
            Seen = seen,
            Revision = table.Revision,
            OnStoreLoss = onStoreLoss,
            Entries = [.. entries.Select(CachedEntry.Of)],
            // The owner that an entry names before the registration of the same id: it is where requests go.
            Nodes = [.. owners.Concat(table.Nodes.Values).DistinctBy(n => n.Id)
                .Select(n => new CachedNode(n.Id, n.LocalUrlText, n.NodeUrl, n.StartTime, n.CreateRevision, table.Nodes.ContainsKey(n.Id)))],
        };
    }

    /// <summary>The table again, marked stale.</summary>
    /// <exception cref="FormatException">It says something that cannot be.</exception>
    public RoutingTable ToTable()
    {
        var nodes = Nodes.ToDictionary(n => n.Id, n => n.ToRecord(), StringComparer.Ordinal);
        var entries = Entries.Select(e => e.ToEntry(nodes)).ToList();
        try
        {
            return new RoutingTable(
                Seen.ClusterId, Revision,
                [.. entries.Where(e => e.Pin is null)], [.. entries.Where(e => e.Pin is not null)],
                Nodes.Where(n => n.Registered).Select(n => nodes[n.Id]), stale: true);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}

/// <summary>One entry of it.</summary>
internal sealed record CachedEntry(
    string Bucket, string? Pin, EntryState State, string? Owner, long Epoch, long MoveRevision)
{
    public static CachedEntry Of(RoutingEntry entry) => new(
        entry.Bucket.ToString(), entry.Pin?.ToString(), entry.State, entry.Owner?.Id, entry.Epoch, entry.MoveRevision);

    public RoutingEntry ToEntry(Dictionary<string, NodeRecord> nodes)
    {
        if (!Core.Bases.Bucket.TryParse(Bucket, out var bucket))
            throw new FormatException($"'{Bucket}' is no bucket");
        BasePrefix? pin = Pin is null ? null : BasePrefix.TryParse(Pin, out var parsed) && parsed.Bucket == bucket
            ? parsed
            : throw new FormatException($"'{Pin}' is no pin of bucket {Bucket}");
        NodeRecord? owner = null;
        if (Owner is not null && !nodes.TryGetValue(Owner, out owner))
            throw new FormatException($"owner '{Owner}' is not among the nodes");
        if (!Enum.IsDefined(State) || (State == EntryState.Open && owner is null))
            throw new FormatException($"bucket {Bucket} is {State} without an owner");
        return new RoutingEntry
        {
            Bucket = bucket,
            Pin = pin,
            State = State,
            Owner = owner,
            Epoch = Epoch,
            MoveRevision = MoveRevision,
        };
    }
}

/// <summary>One node of it.</summary>
internal sealed record CachedNode(
    string Id, string LocalUrl, string? NodeUrl, string? StartTime, long CreateRevision, bool Registered)
{
    public NodeRecord ToRecord() => new()
    {
        Id = Id,
        LocalUrl = NodeRegistration.ParseUrl(LocalUrl),
        LocalUrlText = LocalUrl,
        NodeUrl = NodeUrl,
        StartTime = StartTime,
        CreateRevision = CreateRevision,
    };
}
