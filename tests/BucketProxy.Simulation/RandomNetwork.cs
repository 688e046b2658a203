namespace BucketProxy.Simulation;

/// <summary>A network with delays, losses and a clock, all from one seed.</summary>
internal sealed class RandomNetwork(Random random) : INetwork
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    private readonly PriorityQueue<Message, (TimeSpan, long)> _queue = new();
    private long _number;

    public TimeSpan? NextAt => _queue.TryPeek(out _, out var at) ? at.Item1 : null;

    public Message Next() => _queue.Dequeue();

    public void Send(World world, Message message, TimeSpan after) => _queue.Enqueue(message, (world.Now + after, _number++));

    public void Send(World world, Message message, Hop hop)
    {
        if (message is ViewDelivery view)
            Show(world, view);
        else
            Send(world, message, Delay(hop));
    }

    private void Show(World world, ViewDelivery view)
    {
        var actor = world.Find(view.To);
        // A cut or wedged watch shows nothing until it is mended. Within 5 s a re-read finds a wedged one out (S8).
        if (actor.Cut || actor.Wedged)
        {
            Send(world, new Outside("watch again", w =>
            {
                if (w.IsRunning(view.To))
                    Show(w, view);
            }), TimeSpan.FromMilliseconds(300));
            return;
        }
        var late = random.Next(2) == 0;
        Send(world, late ? view : new NewestView(view.To), Delay(Hop.Watch));
    }

    public void Call(World world, Actor from, StoreCall call)
    {
        var chance = random.Next(100);
        var (lost, noReply, late) = from.Mute && call is WriteCall ? (true, false, false)
            : from.Cut ? (chance < 50, true, false)
            : from.Slow ? (false, chance < 10, chance is >= 10 and < 60)
            : (chance < 2, chance is 2 or 3, chance == 4);
        if (!lost)
            Send(world, new StoreRequest(from.Ref, call, noReply || late), late ? Deadline + Between(0, 4000) : Delay(Hop.Store));
        if (lost || noReply || late)
            Send(world, new StoreCallFailed(from.Ref, call), Deadline);
    }

    public void Died(World world, ServerRun run)
    {
        // On the fastest clock too, it lands before the time is over that is left for it.
        if (run is { Gate: not null, Memory.Loaded.Count: > 0 } && random.Next(2) == 0)
            Send(world, new LateSave(run, TimeSpan.Zero), (world.Options.Gate.LateSaveTime / 1.08 - TimeSpan.FromMilliseconds(10)) * random.NextDouble());
    }

    private TimeSpan Delay(Hop hop) => hop switch
    {
        Hop.Admit => random.Next(40) == 0 ? Between(20, 900) : Between(0, 5),
        Hop.Thaw => Between(0, 5),
        Hop.Kill => random.Next(10) == 0 ? Between(20, 300) : Between(0, 20),
        Hop.Launch => Between(5, 200),
        Hop.Boot => Between(200, 1500),
        Hop.Save => Between(50, 1200),
        Hop.Again => Between(100, 200),
        // Below the settle time on the fastest clock: that a server which follows the map does so in time is the assumption.
        Hop.Map => Between(5, 1700),
        Hop.Local => TimeSpan.Zero,
        Hop.Decide => Between(0, 30),
        Hop.Store => random.Next(50) == 0 ? Between(20, 800) : Between(1, 20),
        Hop.Watch => random.Next(15) == 0 ? Between(50, 1400) : Between(2, 50),
        Hop.Request => random.Next(50) == 0 ? Between(20, 700) : Between(1, 20),
        Hop.Work => random.Next(25) == 0 ? Between(500, 7000) : Between(1, 60),
        _ => random.Next(50) == 0 ? Between(50, 2000) : Between(5, 50),
    };

    private TimeSpan Between(int from, int to) => TimeSpan.FromMilliseconds(random.Next(from, to + 1));
}

/// <summary>A watch that has caught up by the time it is read.</summary>
internal sealed record NewestView(ActorRef To) : Message
{
    public override ActorRef? Addressee => To;

    public override void Deliver(World world)
    {
        if (world.IsRunning(To))
            world.Show(To, world.Store.Revision);
    }
}
