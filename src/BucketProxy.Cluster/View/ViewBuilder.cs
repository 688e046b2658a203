using System.Text.Json;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Cluster.View;

/// <summary>
/// Turns keys into a <see cref="ClusterView"/>, one change after the other. Pure. What cannot be read becomes a
/// <see cref="ViewProblem"/>, and the last good value of that key stays: a typo in etcd must not take a bucket away.
/// </summary>
public sealed class ViewBuilder(KeySchema keys)
{
    /// <summary>The view after <paramref name="changes"/>, as of <paramref name="revision"/>.</summary>
    /// <param name="view">The view before; null: of an empty store.</param>
    /// <param name="clusterId">Identity of the store.</param>
    /// <param name="revision">The revision that the changes lead up to.</param>
    /// <param name="changes">The changes in order; keys outside the mirrored prefixes are passed over.</param>
    public ClusterView Apply(ClusterView? view, ulong clusterId, long revision, IEnumerable<WatchEvent> changes)
    {
        var next = (view ?? new ClusterView { ClusterId = clusterId, Revision = revision })
            with
        { ClusterId = clusterId, Revision = revision };
        var nodesOrGrants = false;
        foreach (var change in changes)
        {
            nodesOrGrants |= change.Key.StartsWith(keys.Assignments, StringComparison.Ordinal)
                || change.Key.StartsWith(keys.Nodes, StringComparison.Ordinal)
                || change.Key.StartsWith(keys.KnownNodes, StringComparison.Ordinal)
                || change.Key.StartsWith(keys.Pins, StringComparison.Ordinal);
            next = Apply(next, change);
        }
        return nodesOrGrants ? ReportUnknownOwners(next) : next;
    }

    private ClusterView Apply(ClusterView view, WatchEvent change)
    {
        try
        {
            var next = change.Entry is { } entry ? Put(view, change.Key, entry) : Delete(view, change.Key);
            return next.Problems.IsEmpty ? next : next with { Problems = next.Problems.Remove(change.Key) };
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            var problem = new ViewProblem(change.Key, change.Revision, e.Message);
            return view with { Problems = view.Problems.SetItem(change.Key, problem) };
        }
    }

    private ClusterView Put(ClusterView view, string key, StoreEntry entry)
    {
        if (KeySchema.TryRest(key, keys.Assignments, out var rest))
            return view with { Assignments = view.Assignments.SetItem(ParseBucket(rest), ReadGrant(entry)) };
        if (KeySchema.TryRest(key, keys.Nodes, out _))
        {
            var id = key[keys.Prefix.Length..];
            return view with { Nodes = view.Nodes.SetItem(id, NodeRegistration.Read(id, entry.Value, entry.CreateRevision)) };
        }
        if (KeySchema.TryRest(key, keys.Moves, out rest))
        {
            var move = ReadMove(ParseBucket(rest), entry);
            return view with { Moves = view.Moves.SetItem(move.Bucket, move) };
        }
        if (KeySchema.TryRest(key, keys.Pins, out rest))
            return view with { Pins = view.Pins.SetItem(ParsePin(rest), ReadGrant(entry)) };
        if (KeySchema.TryRest(key, keys.Uncleans, out rest))
        {
            var bucket = ParseBucket(rest);
            var record = RecordJson.Read<UncleanRecord>(entry.Value.Span) with { Bucket = bucket, ModRevision = entry.ModRevision };
            return view with { Uncleans = view.Uncleans.SetItem(bucket, record) };
        }
        if (KeySchema.TryRest(key, keys.NodePolicy(""), out rest))
        {
            var policy = RecordJson.Read<NodePolicy>(entry.Value.Span) with { ModRevision = entry.ModRevision };
            return view with { NodePolicies = view.NodePolicies.SetItem(rest, policy) };
        }
        if (KeySchema.TryRest(key, keys.Policies + "pins/", out rest))
            return view with { PinPolicies = view.PinPolicies.SetItem(ParsePin(rest), ReadNodeId(entry)) };
        if (key == keys.ClusterPolicy)
            return view with { Policy = RecordJson.Read<ClusterPolicy>(entry.Value.Span) with { ModRevision = entry.ModRevision } };
        if (key == keys.Rebalance)
            return view with { Rebalance = RecordJson.Read<RebalanceOrder>(entry.Value.Span) with { ModRevision = entry.ModRevision } };
        if (KeySchema.TryRest(key, keys.KnownNodes, out rest))
            return view with { KnownNodes = view.KnownNodes.SetItem(rest, RecordJson.Read<KnownNode>(entry.Value.Span)) };
        if (KeySchema.TryRest(key, keys.Proxies, out rest))
            return view with { Proxies = view.Proxies.SetItem(rest, RecordJson.Read<ProxyRecord>(entry.Value.Span)) };
        if (KeySchema.TryRest(key, keys.Alives, out rest))
            return view with { Alive = view.Alive.Add(rest) };
        if (KeySchema.TryRest(key, keys.Gates, out rest))
        {
            var gate = RecordJson.Read<GateRecord>(entry.Value.Span)
                with
            { CreateRevision = entry.CreateRevision, ModRevision = entry.ModRevision };
            return view with { Gates = view.Gates.SetItem(CheckNodeId(rest), gate) };
        }
        if (KeySchema.TryRest(key, keys.Loads, out rest))
            return view with { Loads = view.Loads.SetItem(rest, RecordJson.Read<LoadReport>(entry.Value.Span)) };
        if (key == keys.Report)
            return view with { Report = RecordJson.Read<MonitorReport>(entry.Value.Span) };
        if (key == keys.Leader)
            return view with { Leader = RecordJson.Read<LeaderRecord>(entry.Value.Span) with { CreateRevision = entry.CreateRevision } };
        return view;
    }

    private ClusterView Delete(ClusterView view, string key)
    {
        if (KeySchema.TryRest(key, keys.Assignments, out var rest))
            return Bucket.TryParse(rest, out var assigned) ? view with { Assignments = view.Assignments.Remove(assigned) } : view;
        if (KeySchema.TryRest(key, keys.Nodes, out _))
            return view with { Nodes = view.Nodes.Remove(key[keys.Prefix.Length..]) };
        if (KeySchema.TryRest(key, keys.Moves, out rest))
            return Bucket.TryParse(rest, out var moved) ? view with { Moves = view.Moves.Remove(moved) } : view;
        if (KeySchema.TryRest(key, keys.Pins, out rest))
            return BasePrefix.TryParse(rest, out var pin) ? view with { Pins = view.Pins.Remove(pin) } : view;
        if (KeySchema.TryRest(key, keys.Uncleans, out rest))
            return Bucket.TryParse(rest, out var lost) ? view with { Uncleans = view.Uncleans.Remove(lost) } : view;
        if (KeySchema.TryRest(key, keys.NodePolicy(""), out rest))
            return view with { NodePolicies = view.NodePolicies.Remove(rest) };
        if (KeySchema.TryRest(key, keys.Policies + "pins/", out rest))
            return BasePrefix.TryParse(rest, out var wish) ? view with { PinPolicies = view.PinPolicies.Remove(wish) } : view;
        if (key == keys.ClusterPolicy)
            return view with { Policy = new ClusterPolicy() };
        if (key == keys.Rebalance)
            return view with { Rebalance = null };
        if (KeySchema.TryRest(key, keys.KnownNodes, out rest))
            return view with { KnownNodes = view.KnownNodes.Remove(rest) };
        if (KeySchema.TryRest(key, keys.Proxies, out rest))
            return view with { Proxies = view.Proxies.Remove(rest) };
        if (KeySchema.TryRest(key, keys.Alives, out rest))
            return view with { Alive = view.Alive.Remove(rest) };
        if (KeySchema.TryRest(key, keys.Gates, out rest))
            return view with { Gates = view.Gates.Remove(rest) };
        if (KeySchema.TryRest(key, keys.Loads, out rest))
            return view with { Loads = view.Loads.Remove(rest) };
        if (key == keys.Report)
            return view with { Report = null };
        if (key == keys.Leader)
            return view with { Leader = null };
        return view;
    }

    private static Grant ReadGrant(StoreEntry entry) => new(ReadNodeId(entry), entry.ModRevision);

    private static string ReadNodeId(StoreEntry entry) => CheckNodeId(entry.Text);

    private static string CheckNodeId(string id) =>
        id.StartsWith(NodeRecord.IdPrefix, StringComparison.Ordinal) && id.Length > NodeRecord.IdPrefix.Length
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? id
            : throw new FormatException(
                $"'{Shorten(id)}' is no node id; '{NodeRecord.IdPrefix}' and letters, digits, '-', '_' or '.' are allowed");

    private static MoveRecord ReadMove(Bucket bucket, StoreEntry entry)
    {
        var move = RecordJson.Read<MoveRecord>(entry.Value.Span);
        CheckNodeId(move.To);
        if (move.From is { } from)
            CheckNodeId(from);
        if (!Enum.IsDefined(move.Phase))
            throw new FormatException($"phase {move.Phase} is not known");
        BasePrefix? pin = null;
        if (move.Base is { } text)
        {
            pin = ParsePin(text);
            if (pin.Value.Bucket != bucket)
                throw new FormatException($"base {text} is of bucket {pin.Value.Bucket}, not {bucket}");
        }
        return move with
        {
            Bucket = bucket,
            Pin = pin,
            CreateRevision = entry.CreateRevision,
            ModRevision = entry.ModRevision,
        };
    }

    private static Bucket ParseBucket(string text) =>
        Bucket.TryParse(text, out var bucket) && bucket.ToString() == text
            ? bucket
            : throw new FormatException($"'{Shorten(text)}' is no bucket; 00 to ff in lower case are allowed");

    private static BasePrefix ParsePin(string text) =>
        BasePrefix.TryParse(text, out var pin) && pin.ToString() == text
            ? pin
            : throw new FormatException($"'{Shorten(text)}' names no base; a UUID or its first {BasePrefix.MinDigits} or more hex digits in lower case are allowed");

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    // An owner that nobody ever heard of is most likely a typo. It is judged when everything of a batch is in, because a
    // registration may come behind the assignment that names it. One problem a name: a server that is not there yet may be named
    // by all buckets.
    private ClusterView ReportUnknownOwners(ClusterView view)
    {
        var unknown = new SortedDictionary<string, (string First, int Count, long Revision)>(StringComparer.Ordinal);
        foreach (var (bucket, grant) in view.Assignments)
            Judge(keys.Assignment(bucket), grant);
        foreach (var (pin, grant) in view.Pins)
            Judge(keys.Pin(pin), grant);
        var problems = view.Problems.RemoveRange(
            view.Problems.Where(p => p.Value.UnknownOwner && !unknown.ContainsKey(p.Key)).Select(p => p.Key));
        foreach (var (key, (first, count, revision)) in unknown)
        {
            // What is wrong with its registration says more than that there is none.
            if (problems.TryGetValue(key, out var standing) && !standing.UnknownOwner)
                continue;
            var more = count > 1 ? $" and {count - 1} more keys" : "";
            problems = problems.SetItem(key, new ViewProblem(key, revision, $"{first}{more} {(count > 1 ? "name" : "names")} it as owner")
            {
                UnknownOwner = true,
            });
        }
        return view with { Problems = problems };

        void Judge(string key, Grant grant)
        {
            if (view.Nodes.ContainsKey(grant.Owner) || view.KnownNodes.ContainsKey(grant.Owner))
                return;
            var node = keys.Node(grant.Owner);
            unknown[node] = unknown.TryGetValue(node, out var seen)
                ? (seen.First, seen.Count + 1, Math.Max(seen.Revision, grant.Epoch))
                : (key, 1, grant.Epoch);
        }
    }
}
