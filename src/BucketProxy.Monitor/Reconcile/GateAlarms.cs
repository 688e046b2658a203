using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>What is wrong with a gate, or with what is said of a node behind one.</summary>
internal static class GateAlarms
{
    /// <returns>What to remember of the node.</returns>
    public static NodeWatch Raise(Turn turn, NodeCard card, NodeWatch watch)
    {
        if (card.Gate is not null || card.IsGated)
            Contradiction(turn, card);
        var isIdle = card.Gate is { Supervised: true } gate && (card.Record is null || gate.Incarnation is null || gate.HasExited);
        if (!isIdle)
            return watch.GateIdleSince is null ? watch : watch with { GateIdleSince = null };
        watch = watch with { GateIdleSince = watch.GateIdleSince ?? turn.Now };
        if (turn.Passed(watch.GateIdleSince.Value + turn.Options.NodeGrace))
        {
            var what = card switch
            {
                { IsProvenDead: true } => "its server is dead. What it owned goes to others",
                { IsGated: true } => "no server of it is registered and running. It keeps what it owns, for the gate has not said that the server is gone",
                _ => "no server of it has been registered",
            };
            turn.Raise(AlarmKind.GateWithoutServer, card.Id, $"The gate of {card.Id} lives, but {what}.",
                "See the gate's log for why the server does not come up.");
        }
        return watch;
    }

    private static void Contradiction(Turn turn, NodeCard card)
    {
        if (card is { Gate: not null, IsGated: false, Record: { } past })
        {
            turn.Raise(AlarmKind.GateContradicted, card.Id,
                $"{card.Id} has a gate, but is registered past it at {past.LocalUrlText}. It gets no further buckets, and its gate guarantees nothing.",
                "Let only the gate register the server: take it out of the settings' nodes, or keep the server from registering itself.");
        }
        else if (card is { Gate: null, Record: not null })
        {
            turn.Raise(AlarmKind.GateContradicted, card.Id,
                $"{card.Id} is registered as one behind a gate, but its gate's key is not there. It gets no further buckets and gives none up.",
                "Find out who deleted the key, and restart the gate.");
        }
        else if (card is { Configured: { Register: true, LocalNodeUrl: { } url } })
        {
            turn.Raise(AlarmKind.GateContradicted, card.Id,
                $"{card.Id} is set to be registered at {url}, but is behind a gate, which registers it. The setting is not followed.",
                "Set register to false there, or take the node out of the settings. If its gate was removed for good, say that its process is gone: gone.");
        }
        else if (card.Gate is { } gate && (card.Policy?.Release ?? card.Configured?.Release) is { } wished && wished != gate.Release)
        {
            turn.Raise(AlarmKind.GateContradicted, card.Id,
                $"{card.Id} is set to release by '{Name(wished)}', but is behind a gate, which releases by '{Name(gate.Release)}'. The gate's way counts.",
                "Take the release mode out of the settings.");
        }
    }

    private static string Name(ReleaseMode mode) => mode.ToString().ToLowerInvariant();
}
