using BenchmarkDotNet.Attributes;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Benchmarks;

/// <summary>From the target to the counted entry. Budget for all of it: 150 ns, 0 bytes.</summary>
public class RoutingBenchmarks : IDisposable
{
    private readonly TargetExtractor _extractor = new();
    private readonly CurrentTable _current = new();
    private readonly RoutingTable _pinned = Table(pins: 1000);
    private readonly Dictionary<string, RoutingEntry> _byName;
    private readonly HoldRoom _holds;

    public RoutingBenchmarks()
    {
        _current.Publish(Table(pins: 0));
        _byName = _current.Table.Buckets.ToDictionary(e => e.Bucket.ToString());
        _holds = new HoldRoom(_current, new GatewayOptions(), TimeProvider.System);
    }

    [Benchmark(Baseline = true)]
    public RoutingEntry DictionaryByName() => _byName[Targets.Rows.Substring(16, 2)];

    [Benchmark]
    public RoutingEntry Find() => _current.Table.Find(Targets.Base);

    [Benchmark]
    public RoutingEntry FindAmongThousandPins() => _pinned.Find(Targets.Base);

    [Benchmark]
    public bool EnterAndLeave()
    {
        if (!_current.TryEnter(Targets.Base, out var entry))
            return false;
        entry.Leave();
        return true;
    }

    [Benchmark]
    public bool HoldCheck() => _holds.IsBacklogged(Targets.Base.Bucket);

    [Benchmark]
    public bool ExtractCheckEnterAndLeave()
    {
        var target = _extractor.Extract(Targets.Rows);
        if (_holds.IsBacklogged(target.BaseId.Bucket) || !_current.TryEnter(target.BaseId, out var entry))
            return false;
        entry.Leave();
        return true;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _holds.Dispose();
        GC.SuppressFinalize(this);
    }

    private static RoutingTable Table(int pins)
    {
        var node = new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri("http://127.0.0.1:5000"), LocalUrlText = "http://127.0.0.1:5000" };
        var random = new Random(17);
        return new RoutingTable(
            1, 1, [.. Bucket.All.Select(b => Open(b, null))],
            [.. Enumerable.Range(0, pins).Select(_ => PinOf(random)).Distinct().Select(p => Open(p.Bucket, p))], [node]);

        RoutingEntry Open(Bucket bucket, BasePrefix? pin) =>
            new() { Bucket = bucket, Pin = pin, State = EntryState.Open, Owner = node, Epoch = 1 };
    }

    private static BasePrefix PinOf(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return BasePrefix.TryParse(new Guid(bytes).ToString(), out var pin) ? pin : throw new InvalidOperationException("A UUID is a prefix.");
    }
}
