using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using BucketProxy.Cluster.View;

namespace BucketProxy.Benchmarks;

/// <summary>A record of the store as JSON: as it is read, by reflection, and by code that System.Text.Json generates in the build.</summary>
public partial class RecordBenchmarks
{
    private static readonly JsonSerializerOptions Generated = new(RecordJson.Options) { TypeInfoResolver = Context.Default };
    private static readonly byte[] Json = JsonSerializer.SerializeToUtf8Bytes(
        JsonSerializer.Deserialize<MoveRecord>("""{"from":"dtable-server-01","to":"dtable-server-02","phase":"quiesce","reason":"drain","epoch":42}""", RecordJson.Options), RecordJson.Options);

    [Benchmark(Baseline = true)]
    public MoveRecord Reflection() => RecordJson.Read<MoveRecord>(Json);

    [Benchmark]
    public MoveRecord? SourceGenerator() => JsonSerializer.Deserialize<MoveRecord>(Json, Generated);

    [JsonSerializable(typeof(MoveRecord))]
    private sealed partial class Context : JsonSerializerContext;
}
