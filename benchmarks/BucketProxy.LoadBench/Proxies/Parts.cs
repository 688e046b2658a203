namespace BucketProxy.LoadBench.Proxies;

/// <summary>What was started so far: it ends together, the last first.</summary>
internal sealed class Parts : IAsyncDisposable
{
    private readonly Stack<object> _parts = [];

    public T Keep<T>(T part)
        where T : class
    {
        _parts.Push(part);
        return part;
    }

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            if (part is IAsyncDisposable its)
                await its.DisposeAsync();
            else
                (part as IDisposable)?.Dispose();
        }
    }
}
