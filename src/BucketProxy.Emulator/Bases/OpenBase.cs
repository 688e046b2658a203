namespace BucketProxy.Emulator.Bases;

/// <summary>One loaded (or loading, or unloading) base. Its fields are guarded by <see cref="BaseRegistry"/>'s lock, but for what says otherwise.</summary>
internal sealed class OpenBase(BaseKey key)
{
    public BaseKey Key { get; } = key;

    /// <summary>Set once, before others can see the entry.</summary>
    public required Task<BaseContent> Content { get; init; }

    /// <summary>Held while the base is being saved, and from its last save to its removal: nothing is saved after an unload.</summary>
    public SemaphoreSlim Saving { get; } = new(1, 1);

    public int Running { get; set; }

    public DateTimeOffset LastUsed { get; set; }

    public bool Gone { get; set; }

    /// <summary>Not null while an unload runs; done when it ended, well or not. New requests wait for it: they are never refused.</summary>
    public TaskCompletionSource? Closing { get; set; }

    public TaskCompletionSource? Drained { get; set; }
}

/// <summary>A running request's hold on a base: it is not unloaded before this is disposed.</summary>
internal sealed class BaseLease(BaseRegistry registry, OpenBase open, BaseContent content) : IDisposable
{
    private int _disposed;

    public BaseKey Key => open.Key;

    public BaseContent Content { get; } = content;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            registry.Leave(open);
    }
}
