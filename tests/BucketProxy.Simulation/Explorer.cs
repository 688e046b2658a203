using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Simulation;

/// <summary>What a search came to.</summary>
internal sealed record ExplorerResult(
    Bounds Bounds, int States, int Transitions, int Depth, bool Complete, InvariantException? Violation, IReadOnlyList<string> Trace, TimeSpan Took);

/// <summary>
/// Breadth-first search through every interleaving, within bounds, of two monitors, two proxies (one joins late), two nodes,
/// one bucket and one pinned base of it; or of two gates, their servers and one proxy. A breach is found with a shortest trace.
/// </summary>
internal sealed class Explorer
{
    private readonly Bounds _bounds;
    private readonly Mutation _mutation;
    private readonly int _limit;
    private readonly HashSet<UInt128> _seen = [];
    private readonly List<(int Parent, string Step)> _steps = [(-1, "start")];
    private readonly Queue<(World World, ExplorerNetwork Network, Bounds Left, int Step, int Depth)> _open = new();

    public Explorer(Bounds bounds, Mutation mutation, int limit)
    {
        _bounds = bounds;
        _mutation = mutation;
        _limit = limit;
    }

    public ExplorerResult Run()
    {
        var watch = Stopwatch.StartNew();
        var transitions = 0;
        var depth = 0;
        var current = 0;
        try
        {
            var (world, network) = Situations.Begin(_bounds, _mutation);
            Visit(world, network, _bounds, 0, 0);
            while (_open.TryDequeue(out var state) && _seen.Count < _limit)
            {
                depth = state.Depth;
                foreach (var (label, act) in Steps.Next(state.World, state.Network, state.Left))
                {
                    transitions++;
                    var copied = new ExplorerNetwork(state.Network.Pending);
                    var next = state.World.Clone(copied);
                    _steps.Add((state.Step, label));
                    current = _steps.Count - 1;
                    var left = act(next, copied);
                    copied.Settle(next);
                    copied.DropDead(next);
                    if (!Visit(next, copied, left, current, state.Depth + 1))
                        _steps.RemoveAt(current);
                }
            }
        }
        catch (InvariantException e)
        {
            return new ExplorerResult(_bounds, _seen.Count, transitions, depth + 1, false, e, TraceOf(current), watch.Elapsed);
        }
        return new ExplorerResult(_bounds, _seen.Count, transitions, depth, _open.Count == 0, null, [], watch.Elapsed);
    }

    private List<string> TraceOf(int step)
    {
        var trace = new List<string>();
        for (; step > 0; step = _steps[step].Parent)
            trace.Add(_steps[step].Step);
        trace.Reverse();
        return trace;
    }

    private bool Visit(World world, ExplorerNetwork network, Bounds left, int step, int depth)
    {
        var words = new StringBuilder(4096);
        foreach (var entry in world.Store.Read([""]).Entries)
        {
            if (!entry.Key.StartsWith(world.Keys.Audits, StringComparison.Ordinal))
                words.Append(entry.Key).Append('=').Append(entry.Text).Append('@').Append(entry.CreateRevision).Append('/').Append(entry.ModRevision).Append('\n');
            // Where time ends leases, two states are the same only if it does so at the same moment.
            if (_bounds.Gated && entry.LeaseId != 0)
                words.Append(world.Store.DeadlineOf(entry.LeaseId));
        }
        foreach (var monitor in world.Monitors)
            words.AppendLine(monitor.Describe());
        foreach (var proxy in world.Proxies)
            words.AppendLine(proxy.Describe());
        foreach (var node in world.Nodes)
            words.AppendLine(node.Describe());
        foreach (var gate in world.Gates)
            words.AppendLine(gate.Describe());
        foreach (var run in world.Runs)
            words.AppendLine(run.Describe());
        foreach (var message in network.Pending.Select(p => $"{(p.Due > world.Now ? p.Due : TimeSpan.Zero)} {Words(p.Message)}").Order(StringComparer.Ordinal))
            words.AppendLine(message);
        words.AppendLine(world.Truth.Describe()).Append(world.Now).Append(left);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(words.ToString()));
        if (!_seen.Add(new UInt128(BitConverter.ToUInt64(hash, 0), BitConverter.ToUInt64(hash, 8))))
            return false;
        _open.Enqueue((world, network, left, step, depth));
        return true;
    }

    private static string Words(Message message) => message switch
    {
        StoreRequest { Call: WriteCall write } request => $"{request.From} writes {write.Subject} {write.LeaderRevision} {request.ReplyIsLost} "
            + string.Join(',', write.Transaction.Comparisons.Select(c => $"{c.Key}:{c.Target}:{c.Number}"))
            + string.Join(',', write.Transaction.Success.Select(o => o is PutOperation p && !p.Key.Contains("audit") ? p.Key + Encoding.UTF8.GetString(p.Value.Span) : o.GetType().Name)),
        Outside outside => outside.What,
        // It shows what is newest by then; a timer's number only tells it from those that are over.
        ViewDelivery view => $"view to {view.To}",
        Tick tick => $"{tick.Kind} of {tick.To}",
        Admission a => $"admission {a.To} {a.Number} {a.Base} {a.Entry.State} {a.Entry.Epoch} {a.Entry.Owner?.Incarnation} {a.Marked}",
        LateSave late => $"late save of {late.Dead.Incarnation} until {late.Until}",
        _ => message.ToString(),
    };

    public static string Label(Message message) => message switch
    {
        StoreRequest { Call: WriteCall write } request => $"{request.From.Role} {request.From.Index}: {write.Subject} is applied",
        ViewDelivery view => $"{view.To.Role} {view.To.Index} sees the newest revision",
        ForwardedRequest request => $"request {request.Number} comes to node {request.Node}",
        RequestWork work => $"request {work.Request.Number} ends at node {work.Node.Index}",
        NodeSeesMap map => $"node {map.To.Index} sees the map",
        ReleaseRequest release => $"node {release.Node} is asked to release",
        ReleaseReply reply => $"monitor {reply.To.Index} hears: {reply.Failure ?? "released"}",
        StoreReply reply => $"{reply.To.Role} {reply.To.Index} hears: its lease is renewed",
        Admission admission => $"gate {admission.To.Index} counts request {admission.Number} in and reads its table again",
        RunRequest request => $"request {request.Number} is sent to {request.Incarnation}",
        RunWork work => $"request {work.Number} ends at {work.Incarnation}",
        RunAnswers run => $"{run.Incarnation} answers",
        RunStarts run => $"gate {run.Gate.Index} forks a server",
        Tick { Kind: "look" } tick => $"the table of gate {tick.To.Index - 1} comes round",
        RunStops run => $"{run.Incarnation} has saved and ends",
        RunReleases run => $"{run.Incarnation} is asked to release",
        LateSave late => $"a save of {late.Dead.Incarnation} comes late",
        Tick tick => $"a timer of {tick.To.Role} {tick.To.Index} goes off",
        Outside outside => outside.What,
        _ => message.GetType().Name,
    };
}
