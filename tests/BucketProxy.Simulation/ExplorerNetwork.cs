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
            // Leases end by choice, not by time; servers flush when they give a base up. A fuse burns down when time passes.
            case Tick { Kind: "lease" or "flush" } or RunFlushes or FuseBurns:
                break;
            default:
                if (after == TimeSpan.Zero && IsPrompt(message))
                    _now.Enqueue(Newest(message));
                else
                    Pending = Pending.Add((world.Now + after, message));
                break;
        }
    }

    public void Send(World world, Message message, Hop hop)
    {
        if (message is StoreReply { Call: not RenewLeaseCall } or StoreCallFailed or PingRequest or RequestEnded or Tick { Kind: "decide" }
            or GateTold or MarkedRequest or RunKilled
            || (message is RunStarts && world.Options.Bounds?.LateForks != true)
            || (message is Tick { Kind: "look" } && world.Options.Bounds?.Stalls != true))
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
        // Where every node has a gate, nobody waits for proxies.
        if (world.Gates.Length > 0 && from is ProxyActor && call is WriteCall { Subject: "report" })
            return;
        var request = new StoreRequest(from.Ref, call, ReplyIsLost: false);
        // What the leader writes for people to read takes no step, nor what it writes down of nodes behind gates.
        var isRead = call is WriteCall write && from is MonitorActor
            && (write.Subject is "report" or "rebalance" || (world.Gates.Length > 0 && write.Subject.StartsWith("known/", StringComparison.Ordinal)));
        if (call is WriteCall && !isRead)
            Send(world, request, TimeSpan.Zero);
        else
            _now.Enqueue(request);
    }

    // Where there are gates, all others than gate 0 do at once whatever they have to do: what is late is late at gate 0, or on the leader's side.
    private static bool IsPrompt(Message message) => message.Run?.StartsWith("run-1-", StringComparison.Ordinal) == true
        || IsPrompt(message.Addressee) || (message is StoreRequest request && IsPrompt(request.From)) || message is ForwardedRequest { Node: 1, IsGated: true };

    private static bool IsPrompt(ActorRef? actor) => actor is { Role: Role.Gate, Index: >= GateSituations.Prompt }
        or { Role: Role.Proxy, Index: >= GateSituations.PromptPart };

    private static Message Newest(Message message) => message is ViewDelivery view ? new NewestView(view.To) : message;

    /// <summary>Time has passed: gates that are never late do what is due.</summary>
    public void Prompt(World world)
    {
        foreach (var (due, message) in Pending)
        {
            if (due <= world.Now && IsPrompt(message))
                _now.Enqueue(message);
        }
        Pending = Pending.RemoveAll(p => p.Due <= world.Now && IsPrompt(p.Message));
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
        RunAnswers answers => world.RunOf(answers.Incarnation) is null,
        RunStops stops => world.RunOf(stops.Incarnation) is null,
        _ => false,
    });

    /// <summary>Takes off saves of dead servers that cannot land any more (G9).</summary>
    public void DropLate(World world) => Pending = Pending.RemoveAll(p => p.Message is LateSave late && late.Until <= world.Now);

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
