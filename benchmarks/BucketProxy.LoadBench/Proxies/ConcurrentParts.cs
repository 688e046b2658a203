using System.Collections.Concurrent;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Many of one kind, started side by side: they end side by side.</summary>
internal sealed class ConcurrentParts : IAsyncDisposable
{
    private readonly ConcurrentBag<IAsyncDisposable> _parts = [];

    public void Keep(IAsyncDisposable part) => _parts.Add(part);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_parts.Select(part => part.DisposeAsync().AsTask()));
}
