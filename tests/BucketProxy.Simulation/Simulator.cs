using System.Collections.Immutable;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Simulation;

/// <summary>What one run came to.</summary>
internal sealed record RunResult(int Seed, InvariantException? Violation, int Grants, int Requests, int Excused, int Messages, TimeSpan Time);

/// <summary>
/// One run from one seed: two monitors, three proxies, four nodes; faults and operators for a while, then everything is
/// mended and must come to rest.
/// </summary>
internal sealed class Simulator
{
    private static readonly TimeSpan FaultsEnd = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan RestBy = TimeSpan.FromSeconds(45 + 240);
    private static readonly BasePrefix Pin = BasePrefix.Of(BaseId.Parse("00ffffff-0000-0000-0000-000000000000"));

    private readonly Random _random;
    private readonly RandomNetwork _network;
    private readonly World _world;
    private readonly TextWriter? _trace;
    private readonly int _seed;
    private int _row;
    private int _messages;

    public Simulator(int seed, Mutation? mutation = null, TextWriter? trace = null)
    {
        _seed = seed;
        _random = new Random(seed);
        _network = new RandomNetwork(_random);
        _trace = trace;
        var buckets = Bucket.All.Take(4).ToImmutableArray();
        var modes = new[] { ReleaseMode.Watch, ReleaseMode.Call, ReleaseMode.Call, ReleaseMode.Restart };
        var nodes = Enumerable.Range(0, 4).Select(i => new NodeActor(i, modes[_random.Next(modes.Length)]) { Rate = Drift() }).ToArray();
        var options = new WorldOptions
        {
            Buckets = buckets,
            Bases = [.. buckets.Select(b => BaseId.Parse($"{b}000000000000000000000000000000")), BaseId.Parse(Pin.ToString())],
            Mutation = mutation ?? Mutation.None,
            Monitor = new MonitorOptions
            {
                Instance = "monitor",
                MinNodes = 2,
                QuiesceTimeout = TimeSpan.FromSeconds(2.5),
                ReleaseTimeout = TimeSpan.FromSeconds(4),
                NodeGrace = TimeSpan.FromSeconds(4),
                RetryPause = TimeSpan.FromSeconds(1.5),
                RetryPauseLimit = TimeSpan.FromSeconds(6),
                PingInterval = TimeSpan.FromSeconds(3),
                PingTimeout = TimeSpan.FromSeconds(2),
                MassLossWindow = TimeSpan.FromSeconds(15),
                Nodes = [.. nodes.Select(n => new NodeOptions
                {
                    Id = n.Id,
                    Register = false,
                    Release = n.Mode,
                    RestartCommand = n.Mode == ReleaseMode.Restart ? ["restart"] : [],
                })],
            },
        };
        _world = new World(
            options, _network,
            [.. Enumerable.Range(0, 2).Select(i => new MonitorActor(i) { Rate = Drift() })],
            [.. Enumerable.Range(0, 3).Select(i => new ProxyActor(i, _random.Next(2) == 0 ? StoreLossMode.Serve : StoreLossMode.Fence) { Rate = Drift() })],
            nodes);
    }

    private double Drift() => 0.92 + 0.16 * _random.NextDouble();

    public RunResult Run()
    {
        InvariantException? violation = null;
        try
        {
            Begin();
            RunUntil(FaultsEnd);
            Mend();
            CheckRest();
        }
        catch (InvariantException e)
        {
            violation = e;
            _trace?.WriteLine($"{_world.Now.TotalSeconds,8:F3} VIOLATION {e.Message}");
        }
        return new RunResult(
            _seed, violation, _world.Truth.Grants, _world.Truth.Requests, _world.Truth.Excused, _messages, _world.Now);
    }

    private void Begin()
    {
        foreach (var node in _world.Nodes.Take(3))
            node.Start(_world);
        foreach (var monitor in _world.Monitors)
            monitor.Start(_world);
        foreach (var proxy in _world.Proxies.Take(2))
            proxy.Start(_world, takesOver: false);
        foreach (var proxy in _world.Proxies)
            Client(proxy.Index);
        // One node and one proxy come later, most likely in the middle of something.
        At(Seconds(2, 30), "node 3 joins", w => Up(w.Nodes[3], w));
        At(Seconds(2, 30), "proxy 2 joins", w => Up(w.Proxies[2], w, takesOver: false));
        var faults = new Faults(_random, this);
        var count = _random.Next(3, 12);
        for (var i = 0; i < count; i++)
        {
            var (at, what, act) = faults.Any();
            At(at, what, act);
        }
    }

    public static BasePrefix PinnedBase => Pin;

    public void At(TimeSpan at, string what, Action<World> act) =>
        _network.Send(_world, new Outside(what, act), at > _world.Now ? at - _world.Now : TimeSpan.Zero);

    public void After(double seconds, string what, Action<World> act) =>
        _network.Send(_world, new Outside(what, act), TimeSpan.FromSeconds(seconds));

    private TimeSpan Seconds(int from, int to) => TimeSpan.FromMilliseconds(_random.Next(1000 * from, 1000 * to));

    private void Client(int proxy)
    {
        After(_random.Next(100, 1200) / 1000.0, "", w =>
        {
            var bases = w.Options.Bases;
            Forward(w, proxy, bases[_random.Next(bases.Length)]);
            if (w.Now < FaultsEnd)
                Client(proxy);
        });
    }

    /// <summary>A client's request.</summary>
    public void Forward(World world, int proxy, BaseId id) => world.Proxies[proxy].TryForward(world, ++_row, id);

    private void RunUntil(TimeSpan end)
    {
        while (true)
        {
            var next = _network.NextAt;
            var expiry = _world.Store.NextExpiry;
            if (expiry is { } over && over <= end && (next is null || over <= next))
            {
                _world.Now = over > _world.Now ? over : _world.Now;
                _trace?.WriteLine($"{_world.Now.TotalSeconds,8:F3} leases end");
                _world.ExpireLeases();
                continue;
            }
            if (next is null || next > end)
                break;
            _world.Now = next.Value;
            var message = _network.Next();
            if (++_messages > 200_000)
                throw new InvariantException("L3", "it never comes to rest: 200,000 messages");
            if (_trace is not null)
                Trace(message);
            message.Deliver(_world);
        }
        _world.Now = end;
    }

    private void Trace(Message message)
    {
        var words = message switch
        {
            Outside { What: "" } => null,
            Outside outside => "** " + outside.What,
            StoreRequest { Call: WriteCall write } request =>
                $"{request.From.Role} {request.From.Index}.{request.From.Run} writes {write.Subject}{(request.ReplyIsLost ? " (no answer)" : "")}: "
                + string.Join("; ", write.Transaction.Success.Select(Words)),
            ReleaseRequest release => $"release {release.Bucket}{release.Pin} asked of node {release.Node}",
            ReleaseReply reply => $"release {reply.Bucket}: {reply.Failure ?? "done"}",
            RestartRequest restart => $"restart of node {restart.Node}",
            ForwardedRequest request => $"request {request.Number} of {request.From.Role} {request.From.Index} for {request.Base} comes to node {request.Node}",
            RequestWork work => $"request {work.Request.Number} is written by node {work.Node.Index}.{work.Node.Run}",
            _ => null,
        };
        if (words is not null)
            _trace!.WriteLine($"{_world.Now.TotalSeconds,8:F3} r{_world.Store.Revision} {words}");
    }

    private static string Words(StoreOperation operation) => operation switch
    {
        PutOperation put => $"{put.Key} = {System.Text.Encoding.UTF8.GetString(put.Value.Span)}",
        DeleteOperation delete => $"delete {delete.Key}",
        _ => operation.ToString(),
    };

    public static void Up(NodeActor node, World world)
    {
        if (!node.Up)
            node.Start(world);
    }

    public static void Up(ProxyActor proxy, World world, bool takesOver)
    {
        if (!proxy.Up)
            proxy.Start(world, takesOver);
    }

    public static void Put(World world, string key, string value) =>
        world.Commit(null, new StoreTransaction { Success = [StoreOperation.PutText(key, value)] });

    public static void Delete(World world, string key) =>
        world.Commit(null, new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });

    /// <summary>Every fault ends, and the operator does what the alarms say.</summary>
    private void Mend()
    {
        _trace?.WriteLine($"{_world.Now.TotalSeconds,8:F3} ** everything is mended");
        foreach (var actor in _world.Monitors.Cast<Actor>().Concat(_world.Proxies).Concat(_world.Nodes))
        {
            (actor.Wedged, actor.Mute) = (false, false);
            actor.Reconnect(_world);
        }
        foreach (var node in _world.Nodes)
        {
            if (node.Unreachable)
                node.ReachableSince = _world.Now;
            node.Unreachable = false;
            // A server that lost something without a release is restarted: then it may have it again.
            if (node.Up && _world.Truth.HasLost(node))
                node.Stop(_world);
            // One that is down may stay so for good: then others must have what it had (L1).
            node.Gone = node is { Index: 0, Up: false } && _random.Next(3) > 0;
            Up(node, _world);
        }
        foreach (var monitor in _world.Monitors.Where(m => !m.Up))
            monitor.Start(_world);
        foreach (var proxy in _world.Proxies)
            Up(proxy, _world, takesOver: true);
        foreach (var policy in _world.Views[^1].NodePolicies.Keys.ToArray())
            Delete(_world, _world.Keys.NodePolicy(policy));
        Calm();
        for (var i = 1; i <= 8; i++)
            At(FaultsEnd + TimeSpan.FromSeconds(20 * i), "the operator lifts what stands", _ => Calm());
    }

    private void Calm()
    {
        var view = _world.Views[^1];
        if (view.Policy.Frozen)
        {
            Put(_world, _world.Keys.ClusterPolicy, RecordJson.Write(new ClusterPolicy
            {
                AcceptedLosses = [.. _world.Nodes.Select(n => n.Id)],
            }));
        }
        foreach (var instance in view.Proxies.Keys)
        {
            // Forgotten only when it is gone for certain.
            if (_world.Proxies.All(p => !p.Up || (p.Instance != instance && !p.Predecessors.Contains(instance))))
                Delete(_world, _world.Keys.Proxy(instance));
        }
    }

    private void CheckRest()
    {
        InvariantException? why = null;
        for (var at = FaultsEnd; at < RestBy; at += TimeSpan.FromSeconds(5))
        {
            RunUntil(at + TimeSpan.FromSeconds(5));
            why = Restless();
            if (why is null)
                break;
        }
        if (why is not null)
            throw why;
        foreach (var node in _world.Nodes.OrderBy(n => n.Index))
            node.Stop(_world);
        _world.Truth.CheckRows(_world);
    }

    private InvariantException? Restless()
    {
        var view = _world.Views[^1];
        if (_world.Monitors.Count(m => m.Up && m.Leads && m.LeaderRevision == view.Leader?.CreateRevision) != 1)
            return new InvariantException("L3", "there is no leader that knows it is");
        if (view.Moves.Count > 0)
            return new InvariantException("L2", $"the move of {view.Moves.First().Key} ({view.Moves.First().Value.Phase}) does not end");
        foreach (var id in _world.Options.Bases)
        {
            var owner = World.OwnerOf(view, id)?.Owner;
            if (owner is null || !view.Nodes.ContainsKey(owner))
                return new InvariantException("L1", $"{id} has no living owner ({owner})");
            foreach (var proxy in _world.Proxies)
            {
                var entry = proxy.Published.Find(id);
                if (entry.State != Core.Routing.EntryState.Open || entry.Owner?.Id != owner)
                    return new InvariantException("L4", $"{proxy.Instance} still holds requests for {id} ({entry.State}, {entry.Owner?.Id})");
            }
        }
        foreach (var monitor in _world.Monitors.Where(m => m.Leads))
        {
            if (monitor.State!.Writing.Count > 0)
                return new InvariantException("L3", $"it goes on writing {string.Join(", ", monitor.State.Writing)}");
        }
        return null;
    }
}
