using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>First part of a decision: what came back, and what the view shows, goes into what this leader remembers.</summary>
internal static class Observation
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>As long as SeaTable's own checks give a server before they kill it.</summary>
    private static readonly TimeSpan SilentLimit = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan TwinsShown = TimeSpan.FromMinutes(10);

    /// <summary>What came back from actions.</summary>
    public static MonitorState Apply(MonitorState state, ReconcileInput input)
    {
        foreach (var e in input.Events)
        {
            state = e switch
            {
                PingEnded ping => state with { Nodes = Pinged(state.Nodes, ping, input.Now) },
                ProxiesListed list => state with
                {
                    Listing = false,
                    Listed = list.Revision > (state.Listed?.Revision ?? 0)
                        ? new ProxyList(list.Revision, list.Instances)
                        : state.Listed,
                },
                WriteEnded write => Written(state, write, input),
                ReleaseEnded release => state.Moves.TryGetValue(release.Bucket, out var move)
                        && move.CreateRevision == release.Move && move.Release == ReleaseStep.Asked
                    ? state with { Moves = state.Moves.SetItem(release.Bucket, Released(move, release.Failure, input.Now)) }
                    : state,
                RestartEnded restart => Restarted(state, restart, input),
                _ => state,
            };
        }
        return state;
    }

    private static MonitorState Written(MonitorState state, WriteEnded write, ReconcileInput input)
    {
        state = state with { Writing = state.Writing.Remove(write.Subject) };
        if (!write.Applied)
        {
            return state with
            {
                Failed = state.Failed.SetItem(write.Subject, new FailedWrite(input.View.Revision, input.Now + RetryAfter)),
                Report = write.Subject == ReportKeeping.Subject ? null : state.Report,
            };
        }
        return state with { SeenRevision = Math.Max(state.SeenRevision, write.Revision) };
    }

    private static ImmutableSortedDictionary<string, NodeWatch> Pinged(
        ImmutableSortedDictionary<string, NodeWatch> nodes, PingEnded ping, TimeSpan now) =>
        nodes.TryGetValue(ping.Node, out var watch)
            ? nodes.SetItem(ping.Node, watch with
            {
                PingSentAt = null,
                PingedAt = now,
                HasAnswered = watch.HasAnswered || ping.Answered,
                FailingSince = ping.Answered ? null : watch.FailingSince ?? now,
            })
            : nodes;

    private static MoveWatch Released(MoveWatch move, string? failure, TimeSpan now) => move with
    {
        Release = failure is null ? ReleaseStep.Done : ReleaseStep.Failed,
        ReleaseFailure = failure,
        Released = now - move.Since,
    };

    private static MonitorState Restarted(MonitorState state, RestartEnded restart, ReconcileInput input)
    {
        var moves = state.Moves;
        foreach (var (bucket, move) in state.Moves)
        {
            if (move.Release == ReleaseStep.Asked && input.View.Moves.TryGetValue(bucket, out var record)
                && record.CreateRevision == move.CreateRevision && record.From == restart.Node)
            {
                moves = moves.SetItem(bucket, Released(move, restart.Failure, input.Now));
            }
        }
        return state with { Moves = moves, Restarting = state.Restarting.Remove(restart.Node) };
    }

    /// <summary>Which nodes are there, which answer, and what each is worth.</summary>
    public static void Nodes(Turn turn)
    {
        var view = turn.View;
        var ids = new SortedSet<string>(view.Nodes.Keys, StringComparer.Ordinal);
        foreach (var grant in view.Assignments.Values)
            ids.Add(grant.Owner);
        foreach (var grant in view.Pins.Values)
            ids.Add(grant.Owner);
        ids.UnionWith(view.Gates.Keys);
        foreach (var node in turn.Options.Nodes)
            ids.Add(node.Id);
        foreach (var (id, policy) in view.NodePolicies)
        {
            if (policy.ProcessGone is not null)
                ids.Add(id);
        }

        var board = new NodeBoard();
        var watches = turn.State.Nodes;
        foreach (var id in watches.Keys)
        {
            if (!ids.Contains(id))
                watches = watches.Remove(id);
        }
        foreach (var id in ids)
        {
            var record = view.Nodes.GetValueOrDefault(id);
            var before = watches.GetValueOrDefault(id);
            var configured = turn.Options.Node(id);
            var policy = view.NodePolicies.GetValueOrDefault(id);
            var known = view.KnownNodes.GetValueOrDefault(id);
            var gate = view.Gates.GetValueOrDefault(id);
            var isProvenDead = GateProof.IsDead(turn, record, known, gate);
            var watch = Watch(turn, before ?? new NodeWatch(), isProvenDead, ref record);
            var card = new NodeCard
            {
                Id = id,
                Record = record,
                Known = known,
                Configured = configured,
                Policy = policy,
                Gate = gate,
                IsProvenDead = isProvenDead,
                Standing = isProvenDead ? NodeStanding.Dead
                    : record is not null ? NodeStanding.Live
                    : Standing(turn, watch, known, configured, policy),
                // S9: who holds what must be known after the registration is gone, so nothing is given to a node
                // whose present run is not written down.
                MayTakePins = record is not null && policy is not { Draining: true } && IsWrittenDown(known, record, gate)
                    && GateProof.WhyClosed(record, gate) is null && !IsTwin(turn, watch) && !IsSilent(turn, watch),
            };
            board.Add(card);
            watch = Ping(turn, id, watch, card.LocalUrl);
            Alarm(turn, card, watch);
            watch = GateAlarms.Raise(turn, card, watch);
            if (watch != before)
                watches = watches.SetItem(id, watch);
        }
        turn.Nodes = board;
        turn.State = turn.State with { Nodes = watches };
    }

    public static bool IsWrittenDown(KnownNode? known, NodeRecord record, GateRecord? gate) =>
        known is not null && known.CreateRevision == record.CreateRevision && known.StartTime == record.StartTime
        && known.LocalUrl == record.LocalUrlText && known.Gate == record.Gate
        && (record.Gate == GateKind.None || gate is null
            || (known.GateRevision == gate.CreateRevision && known.LateSaveSeconds == gate.LateSaveSeconds));

    private static NodeWatch Watch(Turn turn, NodeWatch watch, bool isProvenDead, ref NodeRecord? record)
    {
        if (record is not null)
        {
            if (record.RefreshTime != watch.RefreshTime || !watch.WasRegistered)
                watch = watch with { RefreshTime = record.RefreshTime, RefreshedAt = turn.Now };
            if (turn.Options.RefreshTimeout is { } limit && record is { RegisteredByUs: false, Gate: GateKind.None }
                && turn.Passed(watch.RefreshedAt + limit))
            {
                record = null;
            }
        }
        if (record is null || isProvenDead)
            return watch.GoneSince is null ? watch with { GoneSince = turn.Now } : watch;
        var run = record.StartTime + " " + record.LocalUrlText;
        if (watch.Runs.IsEmpty || watch.Runs[^1] != run)
        {
            watch = watch with
            {
                TwinsAt = watch.Runs.Contains(run) ? turn.Now : watch.TwinsAt,
                Runs = [.. watch.Runs.Where(r => r != run).TakeLast(7), run],
            };
        }
        return watch with { GoneSince = null, WasRegistered = true };
    }

    /// <summary>It answered before and does not now: what it is given would only wait.</summary>
    private static bool IsSilent(Turn turn, NodeWatch watch) =>
        watch is { HasAnswered: true, FailingSince: { } failing } && turn.Passed(failing + 2 * turn.Options.PingInterval);

    private static bool IsTwin(Turn turn, NodeWatch watch) =>
        watch.TwinsAt is { } at && !turn.Passed(at + TwinsShown);

    private static NodeStanding Standing(
        Turn turn, NodeWatch watch, KnownNode? known, Options.NodeOptions? configured, NodePolicy? policy)
    {
        var gone = watch.GoneSince!.Value;
        if (turn.Has(Mutations.SuspectIsDead))
            return NodeStanding.Dead;
        if (policy?.ProcessGone is not null)
            return NodeStanding.Dead;
        // Its gate lives and has not said that it is gone: a ping that is not answered proves nothing.
        if (known is { Gate: GateKind.Supervised })
            return NodeStanding.Missing;
        if (known is null && configured?.LocalNodeUrl is null)
            return turn.Passed(gone + turn.Options.NodeGrace) ? NodeStanding.Dead : NodeStanding.Missing;
        // A result from before it went says nothing about whether it answers now.
        if (watch.PingedAt is not { } pinged || pinged < gone)
            return NodeStanding.Missing;
        if (watch.FailingSince is not { } failing)
            return NodeStanding.Suspect;
        return turn.Passed(failing + turn.Options.NodeGrace) ? NodeStanding.Dead : NodeStanding.Missing;
    }

    private static NodeWatch Ping(Turn turn, string id, NodeWatch watch, string? url)
    {
        if (url is null)
            return watch;
        // A ping whose end never came is sent again.
        var due = watch.PingSentAt is { } sent
            ? sent + 3 * turn.Options.PingTimeout
            : watch.PingedAt is { } pinged
                // What was heard before the registration went is of no use any more: ask at once.
                ? watch.GoneSince is { } gone && pinged < gone ? turn.Now : pinged + turn.Options.PingInterval
                : turn.Now;
        if (!turn.Passed(due))
            return watch;
        turn.Do(new PingAction(id, url));
        return watch with { PingSentAt = turn.Now };
    }

    private static void Alarm(Turn turn, NodeCard card, NodeWatch watch)
    {
        // One that nobody ever registered has lost nothing: it is about to be registered, or to register itself.
        if (card is { Standing: NodeStanding.Suspect, Known: not null })
        {
            turn.Raise(AlarmKind.SuspectNode, card.Id,
                $"The registration of {card.Id} is gone, but it answers at {card.LocalUrl}. It keeps its buckets.",
                "Restore its connection to the store, or stop the server. If the server is gone and something else answers "
                + "there, say so: gone.");
        }
        if (card.Standing == NodeStanding.Live && watch.FailingSince is { } failing && turn.Passed(failing + SilentLimit))
        {
            turn.Raise(AlarmKind.SilentNode, card.Id,
                $"{card.Id} is registered, but does not answer at {card.LocalUrl}. It keeps its buckets, and gets no others.",
                "See to the server. Its buckets go to others once its registration has expired, unless placement is static.");
        }
        if (watch.TwinsAt is not null && IsTwin(turn, watch))
        {
            turn.Raise(AlarmKind.TwoNodesOneId, card.Id,
                $"Two servers register as {card.Id}: {string.Join(" and ", watch.Runs.TakeLast(2))}. It gets no further buckets.",
                "Stop one of them, or give it an id of its own.");
        }
        else if (card is { IsGated: false, Record: { RegisteredByUs: false } record, Configured: { Register: true, LocalNodeUrl: { } url } }
            && Registration.Trim(url) != Registration.Trim(record.LocalUrlText))
        {
            turn.Raise(AlarmKind.TwoNodesOneId, card.Id,
                $"{card.Id} is configured at {url}, but a server registered itself under this id at {record.LocalUrlText}.",
                "Correct the configuration, or give one of them an id of its own.");
        }
    }
}
