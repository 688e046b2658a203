namespace BucketProxy.Forwarder.Loops;

/// <summary>Whether one direction of a socket is ready, and who waits for it. Each change is one atomic step.</summary>
/// <remarks>
/// <code>
///   Idle ──TryAwait──► Awaited ──Happened, Wake──► Ready ──Begin──► Idle
///   Idle ──Happened──► Ready           Awaited ──TryTakeBack──► Idle
/// </code>
/// </remarks>
internal struct Side(bool isInput)
{
    private const int Idle = 0;
    private const int Ready = 1;
    private const int Awaited = 2;
    private int _state;
    private IThreadPoolWorkItem? _waiter;

    /// <summary>It is the receiving side.</summary>
    public readonly bool IsInput => isInput;

    public readonly bool IsReady => Volatile.Read(in _state) == Ready;

    /// <summary>A try begins: what happens from here on is news.</summary>
    public void Begin() => Interlocked.Exchange(ref _state, Idle);

    /// <summary>The try has not taken everything.</summary>
    public void More() => Interlocked.Exchange(ref _state, Ready);

    /// <summary>False: it is ready.</summary>
    public bool TryAwait(IThreadPoolWorkItem waiter)
    {
        _waiter = waiter;
        return Interlocked.CompareExchange(ref _state, Awaited, Idle) == Idle;
    }

    /// <summary>False: nobody waits any more.</summary>
    public bool TryTakeBack() => Interlocked.CompareExchange(ref _state, Idle, Awaited) == Awaited;

    /// <summary>It is ready: runs who waits.</summary>
    public void Happened()
    {
        if (Interlocked.Exchange(ref _state, Ready) == Awaited)
            _waiter!.Execute();
    }

    /// <summary>As <see cref="Happened"/>, on the thread pool: the caller may hold locks.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Ready) == Awaited)
            ThreadPool.UnsafeQueueUserWorkItem(_waiter!, preferLocal: false);
    }
}
