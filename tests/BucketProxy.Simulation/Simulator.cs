using BucketProxy.Cluster.Store;
using BucketProxy.Core.Bases;

namespace BucketProxy.Simulation;

/// <summary>What one run came to.</summary>
internal sealed record RunResult(int Seed, bool Gated, InvariantException? Violation, int Grants, int Requests, int Excused, int Messages, TimeSpan Time);

/// <summary>
/// One run from one seed: two monitors, three proxies, four nodes, with gates or without; faults and operators for a while, then everything
/// is mended and must come to rest.
/// </summary>
internal sealed partial class Simulator
{
    private static readonly TimeSpan FaultsEnd = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan RestBy = TimeSpan.FromSeconds(45 + 240);

    private readonly Random _random;
    private readonly RandomNetwork _network;
    private readonly World _world;
    private readonly TextWriter? _trace;
    private readonly int _seed;
    private readonly bool _gated;
    private int _row;
    private int _messages;

    /// <param name="seed">All chance comes from it.</param>
    /// <param name="mutation">The guard that is taken out.</param>
    /// <param name="trace">Is told step by step.</param>
    /// <param name="gated">Most nodes have a gate.</param>
    public Simulator(int seed, Mutation? mutation = null, TextWriter? trace = null, bool gated = false)
    {
        _seed = seed;
        _gated = gated;
        _random = new Random(seed);
        _network = new RandomNetwork(_random);
        _trace = trace;
        _world = new Clusters(_random, seed).Make(gated, mutation ?? Mutation.None, _network);
    }

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
            _seed, _gated, violation, _world.Truth.Grants, _world.Truth.Requests, _world.Truth.Excused, _messages, _world.Now);
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
        if (!_gated)
            return;
        // By lots of their own.
        var lots = new Random(~_seed);
        var gates = new GateFaults(lots, this);
        count = lots.Next(2, 9);
        for (var i = 0; i < count; i++)
        {
            var (at, what, act) = gates.Any(_world);
            At(at, what, act);
        }
    }

    public static BasePrefix PinnedBase { get; } = BasePrefix.Of(BaseId.Parse("00ffffff-0000-0000-0000-000000000000"));

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
    public void Forward(World world, int proxy, BaseId id)
    {
        var request = new ClientRequest(world.Proxies[proxy].Ref, ++_row, id);
        if (!world.TryPark(request))
            request.Deliver(world);
    }

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
            if (!_world.TryPark(message))
                message.Deliver(_world);
        }
        _world.Now = end;
    }

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
}
