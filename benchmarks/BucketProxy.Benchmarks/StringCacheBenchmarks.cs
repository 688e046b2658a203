using System.Text;
using BenchmarkDotNet.Attributes;
using BucketProxy.Forwarder.Http1;
using CommunityToolkit.HighPerformance.Buffers;

namespace BucketProxy.Benchmarks;

/// <summary>The names and values of an answer's head as strings: by the forwarder's cache, by the pool of a well-known library, and made anew.</summary>
public class StringCacheBenchmarks
{
    private static readonly byte[][] Texts =
    [
        .. new[]
        {
            "Date", "Fri, 20 Nov 2026 12:00:00 GMT", "Access-Control-Allow-Origin", "*", "Content-Length", "200", "Content-Type",
            "application/json; charset=utf-8", "ETag", "Server",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    private readonly StringCache _cache = new(places: 1024, longest: 128);
    private readonly StringPool _pool = new(1024);

    [Benchmark(Baseline = true, OperationsPerInvoke = 10)]
    public int StringCache()
    {
        var length = 0;
        foreach (var text in Texts)
            length += _cache.Get(text).Length;
        return length;
    }

    [Benchmark(OperationsPerInvoke = 10)]
    public int StringPool()
    {
        var length = 0;
        foreach (var text in Texts)
            length += _pool.GetOrAdd(text, Encoding.Latin1).Length;
        return length;
    }

    [Benchmark(OperationsPerInvoke = 10)]
    public int MadeAnew()
    {
        var length = 0;
        foreach (var text in Texts)
            length += Encoding.Latin1.GetString(text).Length;
        return length;
    }
}
