using BenchmarkDotNet.Attributes;
using BucketProxy.Core.Targets;

namespace BucketProxy.Benchmarks;

/// <summary>Finding the base in a request target. Budget, with look-up and count: 150 ns, 0 bytes.</summary>
public class ExtractionBenchmarks
{
    private readonly TargetExtractor _extractor = new();

    [Benchmark(Baseline = true)]
    public bool SplitAndParse() => Guid.TryParse(Targets.Rows.Split('/')[4], out _);

    [Benchmark]
    public bool Rows() => _extractor.Extract(Targets.Rows).Kind == TargetKind.Base;

    [Benchmark]
    public bool BehindAPrefix() => _extractor.Extract(Targets.Prefixed).Kind == TargetKind.Base;

    [Benchmark]
    public bool PercentEncoded() => _extractor.Extract(Targets.Escaped).Kind == TargetKind.Base;

    [Benchmark]
    public bool SocketIo() => _extractor.Extract(Targets.Socket).Kind == TargetKind.Base;
}
