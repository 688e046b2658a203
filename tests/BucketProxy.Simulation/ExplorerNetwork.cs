using System.Collections.Immutable;

namespace BucketProxy.Simulation;

/// <summary>
/// A network that delivers nothing by itself: everything under way may come next, in any order. What cannot matter (the way of
/// an answer, of a ping) takes no step of its own.
/// </summary>
internal sealed class ExplorerNetwork(ImmutableList<(TimeSpan Due, Message Message)> pending) : INetwork
{
    private readonly Queue<Message> _now = new();

    public ExplorerNetwork()
        : this([])
    {
    }

    public ImmutableList<(TimeSpan Due, Message Message)> Pending { get; private set; } = pending;

    public void Send(World world, Message message, TimeSpan after)
    {
        switch (message)
        {
            // Leases end by choice, not by time; servers flush when they give a base up.
            case Tick { Kind: "lease" or "flush" }:
                break;
            default:
                Pending = Pending.Add((world.Now + after, message));
                break;
        }
    }

    public void Send(World world, Message message, Hop hop)
    {
        if (message is StoreReply or StoreCallFailed or PingRequest or RequestEnded or Tick { Kind: "decide" })
            _now.Enqueue(message);
        else
            Send(world, message, TimeSpan.Zero);
    }

    public void Died(World world, ServerRun run)
    {
        if (run.Memory.Loaded.Count > 0)
            Pending = Pending.Add((world.Now, new LateSave(run, world.Now + world.Options.Gate.LateSaveTime)));
    }

    public void Call(World world, Actor from, StoreCall call)
    {
        if (from.Mute && call is WriteCall)
            return;
        var request = new StoreRequest(from.Ref, call, ReplyIsLost: false);
        // What the leader writes for people to read takes no step.
        if (call is WriteCall write && !(from is MonitorActor && write.Subject is "report" or "rebalance"))
            Send(world, request, TimeSpan.Zero);
        else
            _now.Enqueue(request);
    }

    /// <summary>Takes one message off.</summary>
    public Message Take(int index)
    {
        var message = Pending[index].Message;
        Pending = Pending.RemoveAt(index);
        return message;
    }

    /// <summary>Takes off what would find nobody, and timers that were set anew.</summary>
    public void DropDead(World world) => Pending = Pending.RemoveAll(p => p.Message switch
    {
        Tick { Kind: "wake" } tick => !world.IsRunning(tick.To) || !world.Actor(tick.To).Awaits(tick.Number),
        Tick tick => !world.IsRunning(tick.To),
        ViewDelivery view => !world.IsRunning(view.To),
        _ => false,
    });

    public void Replace(int index, Message message) => Pending = Pending.SetItem(index, (Pending[index].Due, message));

    /// <summary>Carries out what takes no step of its own.</summary>
    public void Settle(World world)
    {
        for (var i = 0; _now.TryDequeue(out var message); i++)
        {
            if (i > 10_000)
                throw new InvariantException("L3", "one step never ends");
            message.Deliver(world);
        }
    }
}
