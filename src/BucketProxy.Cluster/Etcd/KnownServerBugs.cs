namespace BucketProxy.Cluster.Etcd;

/// <summary>What is known to be wrong with versions of etcd, as far as it touches what stands in the store. From etcd's changelogs.</summary>
internal static class KnownServerBugs
{
    private static readonly Bug[] Bugs =
    [
        // Data: nothing that a client does helps.
        new("3.5.0", "3.5.3", 13908, ServerBugKind.Data, "members can come to hold different data when one crashes under load"),
        new("3.5.0", "3.5.6", 14733, ServerBugKind.Data, "a member's revision can differ from the others' when it crashes while defragmenting"),
        new("3.5.0", "3.5.17", 18799, ServerBugKind.Data, "a transaction can be applied in part"),
        new("3.5.0", "3.5.5", 14424, ServerBugKind.Data, "a cluster of one member can lose writes that it acknowledged"),
        new("3.4.0", "3.4.21", 14423, ServerBugKind.Data, "a cluster of one member can lose writes that it acknowledged"),
        new("3.4.0", "3.4.8", 11652, ServerBugKind.Data, "with authentication, members can come to hold different data"),
        new("3.5.0", "3.5.6", 14648, ServerBugKind.Data, "with authentication, members can come to hold different data after a snapshot"),
        new("3.4.0", "3.4.22", 14649, ServerBugKind.Data, "with authentication, members can come to hold different data after a snapshot"),
        new("3.4.0", "3.4.32", 17864, ServerBugKind.Data, "the revision can run backwards after a crash while compacting"),
        new("3.4.0", "3.4.38", 20659, ServerBugKind.Data, "defragmenting while a snapshot arrives can damage a member's data"),
        new("3.5.0", "3.5.23", 20653, ServerBugKind.Data, "defragmenting while a snapshot arrives can damage a member's data"),
        new("3.6.0", "3.6.5", 20650, ServerBugKind.Data, "defragmenting while a snapshot arrives can damage a member's data"),
        // Behaviour: this proxy guards against it, at the cost of time or of an extra read.
        new("3.4.0", "3.4.31", 17610, ServerBugKind.Guarded, "a watch can lose changes after a compaction"),
        new("3.5.0", "3.5.13", 17612, ServerBugKind.Guarded, "a watch can lose changes after a compaction"),
        new("3.4.0", "3.4.36", 19251, ServerBugKind.Guarded, "a watch opened at a compacted revision can lose a deletion"),
        new("3.5.0", "3.5.18", 19249, ServerBugKind.Guarded, "a watch opened at a compacted revision can lose a deletion"),
        new("3.4.0", "3.4.25", 15697, ServerBugKind.Guarded, "progress answers can overtake changes"),
        new("3.5.0", "3.5.8", 15695, ServerBugKind.Guarded, "progress answers can overtake changes"),
        new("3.4.0", "3.4.38", 20813, ServerBugKind.Guarded, "a lease that is revoked can seem renewed"),
        new("3.5.0", "3.5.23", 20616, ServerBugKind.Guarded, "a lease that is revoked can seem renewed"),
        new("3.6.0", "3.6.5", 20615, ServerBugKind.Guarded, "a lease that is revoked can seem renewed"),
        // Behaviour that nobody outside of etcd can guard against.
        new("3.4.0", "3.4.31", 17465, ServerBugKind.Behaviour, "a leader that was deposed can end leases that live"),
        new("3.5.0", "3.5.13", 17425, ServerBugKind.Behaviour, "a leader that was deposed can end leases that live"),
        new("3.4.0", "3.4.42", 21423, ServerBugKind.Behaviour, "a member whose process was frozen can answer a linearizable read with old data"),
        new("3.5.0", "3.5.28", 21421, ServerBugKind.Behaviour, "a member whose process was frozen can answer a linearizable read with old data"),
        new("3.6.0", "3.6.9", 21417, ServerBugKind.Behaviour, "a member whose process was frozen can answer a linearizable read with old data"),
    ];

    /// <summary>The bugs that a version has; none for a version that is no number, as of a test build.</summary>
    public static IReadOnlyList<ServerBug> Of(string version)
    {
        // "3.5.0-rc.1" counts as 3.5.0.
        var number = version.Split('-', 2)[0];
        return Version.TryParse(number, out var parsed)
            ? [.. Bugs.Where(bug => parsed >= bug.From && parsed < bug.FixedIn).Select(bug => new ServerBug(bug.Kind, bug.FixedIn.ToString(3), bug.Pull, bug.What))]
            : [];
    }

    private sealed record Bug(Version From, Version FixedIn, int Pull, ServerBugKind Kind, string What)
    {
        public Bug(string from, string fixedIn, int pull, ServerBugKind kind, string what)
            : this(Version.Parse(from), Version.Parse(fixedIn), pull, kind, what)
        {
        }
    }
}

/// <summary>What a bug of the server means here.</summary>
internal enum ServerBugKind
{
    /// <summary>It can damage what is stored.</summary>
    Data,

    /// <summary>It does not damage what is stored, and this proxy cannot guard against it.</summary>
    Behaviour,

    /// <summary>This proxy guards against it.</summary>
    Guarded,
}

/// <summary>A bug of a server's version.</summary>
/// <param name="Kind">What it means here.</param>
/// <param name="FixedIn">The first version of its line without it.</param>
/// <param name="Pull">etcd's pull request that mended it.</param>
/// <param name="What">What happens.</param>
internal sealed record ServerBug(ServerBugKind Kind, string FixedIn, int Pull, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{What} (mended in {FixedIn}, etcd pull {Pull})";
}
