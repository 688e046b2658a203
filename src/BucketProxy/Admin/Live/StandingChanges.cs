using BucketProxy.Cluster.View;

namespace BucketProxy.Admin.Live;

/// <summary>How nodes stand, and what became of them since the last look. Not thread-safe.</summary>
internal sealed class StandingChanges
{
    private Dictionary<string, string>? _before;

    /// <summary>What happened since the last call; nothing at the first.</summary>
    /// <param name="view">The registrations.</param>
    /// <param name="standings">The leader's word.</param>
    public IReadOnlyList<Happening> Changes(ClusterView view, IReadOnlyDictionary<string, string> standings)
    {
        var now = view.Nodes.Keys.ToDictionary(id => id, _ => "live", StringComparer.Ordinal);
        foreach (var (id, standing) in standings)
            now[id] = standing;
        var before = _before;
        _before = now;
        if (before is null)
            return [];
        return
        [
            .. now.Where(n => before.GetValueOrDefault(n.Key) != n.Value).Select(n => Became(n.Key, n.Value, before.ContainsKey(n.Key))),
            .. before.Keys.Where(id => !now.ContainsKey(id)).Select(id => new Happening("node", "warning", id, $"{id} is no longer registered.")),
        ];
    }

    private static Happening Became(string id, string standing, bool known) => standing switch
    {
        "live" => new Happening("node", "good", id, known ? $"{id} is live again." : $"{id} has joined."),
        "suspect" => new Happening("node", "warning", id, $"{id} is suspect: its registration is gone, but it answers."),
        "dead" => new Happening("node", "bad", id, $"{id} is dead: its buckets go to the others."),
        "missing" => new Happening("node", "bad", id, $"{id} is missing: it does not answer."),
        _ => new Happening("node", "warning", id, $"{id} is {standing}."),
    };
}
