using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// S3: whether every proxy that could have something in flight to the old owner has said that it has not, about this very move.
/// </summary>
/// <remarks>
/// A proxy registers, then reads, then serves. So one that is missing in a list read after the move stood has read its table
/// after that too, and holds the bucket's requests back.
/// </remarks>
internal static class Silence
{
    /// <summary>Follows which proxies' leases have ended, and reads the list of proxies anew where a move needs it.</summary>
    public static void Observe(Turn turn)
    {
        var gone = turn.State.AliveGone;
        foreach (var instance in gone.Keys)
        {
            if (turn.View.Alive.Contains(instance) || !turn.View.Proxies.ContainsKey(instance))
                gone = gone.Remove(instance);
        }
        foreach (var (instance, proxy) in turn.View.Proxies)
        {
            if (!proxy.Left && !turn.View.Alive.Contains(instance) && !gone.ContainsKey(instance))
                gone = gone.SetItem(instance, turn.Now);
        }
        turn.State = turn.State with { AliveGone = gone };

        var blocks = turn.Nodes.All.Any(n => !n.IsGated);
        foreach (var (instance, proxy) in turn.View.Proxies)
        {
            if (blocks && proxy is { Left: false, OnStoreLoss: StoreLossMode.Serve } && gone.ContainsKey(instance))
            {
                turn.Raise(AlarmKind.BlockingProxy, instance,
                    $"Proxy {instance} at {proxy.Address ?? "(address unknown)"} is lost. It may go on serving by its last table, so planned moves off servers without a gate wait for it.",
                    "Bring it back, or make sure that it is stopped and say so: forget it.");
            }
        }
        ListIfNeeded(turn);
    }

    private static void ListIfNeeded(Turn turn)
    {
        if (turn.State.Listing)
            return;
        foreach (var move in turn.View.Moves.Values)
        {
            if (move.Phase != MovePhase.Settling && RestsOnProxies(turn, move) && (turn.State.Listed is not { } list || list.Revision < move.CreateRevision)
                && !(turn.Has(Mutations.ListBeforeMove) && turn.State.Listed is not null))
            {
                turn.Do(new ListProxiesAction());
                turn.State = turn.State with { Listing = true };
                return;
            }
        }
    }

    /// <summary>Whether a move waits for proxies at all: not where a gate says that its node has let go (G3), or is dead (G8).</summary>
    private static bool RestsOnProxies(Turn turn, MoveRecord move) =>
        turn.Nodes.Find(move.From) is not ({ IsProvenDead: true } or { IsGated: true, Standing: NodeStanding.Live });

    /// <summary>Who keeps planned moves off nodes without a gate from starting at all; null: nobody.</summary>
    public static string? Blocking(Turn turn)
    {
        foreach (var (instance, proxy) in turn.View.Proxies)
        {
            if (!proxy.Left && !turn.View.Alive.Contains(instance) && !IsSilentForGood(turn, instance, proxy))
                return $"proxy {instance} is lost";
        }
        return null;
    }

    /// <summary>Who is not silent about <paramref name="move"/>, and busy with what; null: everybody is silent.</summary>
    public static string? Busy(Turn turn, MoveRecord move)
    {
        if (turn.Has(Mutations.GrantWithoutSilence))
            return null;
        if (turn.State.Listed is not { } list
            || (list.Revision < move.CreateRevision && !turn.Has(Mutations.ListBeforeMove)))
        {
            return "the list of proxies could not be read";
        }
        foreach (var instance in list.Instances)
        {
            if (!turn.View.Proxies.TryGetValue(instance, out var proxy))
            {
                // Not in a view from after the list: an operator had it forgotten, or it left. In an older one: not there yet.
                if (turn.View.Revision < list.Revision)
                    return $"proxy {instance} has only just come";
                continue;
            }
            if (proxy.Left || IsSilent(turn, move, proxy)
                || (!turn.View.Alive.Contains(instance) && IsSilentForGood(turn, instance, proxy)))
            {
                continue;
            }
            var bucket = move.Bucket.ToString();
            return !turn.View.Alive.Contains(instance) ? $"proxy {instance} is lost"
                : proxy.Busy.TryGetValue(bucket, out var what) ? $"proxy {instance} is busy with {what}"
                : $"proxy {instance} is not silent";
        }
        return null;
    }

    private static bool IsSilent(Turn turn, MoveRecord move, ProxyRecord proxy) =>
        proxy.Silent.TryGetValue(move.Bucket.ToString(), out var told)
        && (told == move.CreateRevision || turn.Has(Mutations.OldSilenceCounts));

    /// <summary>A fencing proxy stopped before its lease could end. A whole time to live later it is certain, whatever the
    /// clocks and however early the store gave the lease up.</summary>
    private static bool IsSilentForGood(Turn turn, string instance, ProxyRecord proxy)
    {
        if (proxy.OnStoreLoss == StoreLossMode.Serve)
            return turn.Has(Mutations.LostProxyIsSilent);
        return proxy.LeaseSeconds > 0 && turn.State.AliveGone.TryGetValue(instance, out var gone)
            && (turn.Has(Mutations.FencedAtOnce) || turn.Passed(gone + TimeSpan.FromSeconds(proxy.LeaseSeconds)));
    }
}
