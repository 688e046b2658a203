using System.Collections.Concurrent;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>
/// The connections to destinations, by their prefix. What a cluster's <c>HttpClient</c> is for the direct forwarder. Thread-safe.
/// </summary>
/// <remarks>
/// One timer looks at all connections, and runs only while there are any. So a client that nobody holds any more lets go of its connections by itself, after
/// their idle limit.
/// </remarks>
public sealed class DirectHttpClient : HttpMessageInvoker
{
    private const int LongestPeriod = 1000;
    private const int ShortestPeriod = 50;
    private readonly DirectHttpClientOptions _options;
    private readonly ConcurrentDictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly HashSet<Destination> _leaving = [];
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private int _shortest;
    private bool _isTicking;
    private int _isSweeping;
    private volatile bool _isShut;
    private volatile bool _isRetired;

    /// <summary>Makes a client; nothing is connected before it is used.</summary>
    /// <param name="options">Settings; not to be changed afterwards.</param>
    /// <param name="time">Every limit goes by it.</param>
    /// <exception cref="ArgumentException">A setting cannot work; the message names it.</exception>
    public DirectHttpClient(DirectHttpClientOptions options, TimeProvider time)
        : base(new NoHandler(), disposeHandler: true)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.ThrowIfInvalid();
        _options = options;
        Time = time;
        Clock = new ConnectionClock(time);
        var idle = (int)options.PooledConnectionIdleTimeout.TotalMilliseconds;
        _shortest = idle == 0 ? int.MaxValue : idle;
        _timer = time.CreateTimer(static c => ((DirectHttpClient)c!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>No connection is made now.</summary>
    internal bool IsShut => _isShut;

    internal ConnectionClock Clock { get; }

    internal TimeProvider Time { get; }

    internal TimeSpan ConnectTimeout => _options.ConnectTimeout;

    /// <summary>Connections to a destination that are open now, also those that end after it was forgotten.</summary>
    /// <param name="destinationPrefix">As requests name it.</param>
    public int OpenConnections(string destinationPrefix)
    {
        var sum = _destinations.TryGetValue(destinationPrefix, out var destination) ? destination.OpenConnections : 0;
        lock (_lock)
        {
            foreach (var leaving in _leaving)
            {
                if (leaving.Prefix == destinationPrefix)
                    sum += leaving.OpenConnections;
            }
        }
        return sum;
    }

    /// <summary>
    /// Lets go of a destination's connections: those that are idle are closed now, those in use when their requests are over. A later request begins anew.
    /// </summary>
    /// <param name="destinationPrefix">As requests name it.</param>
    public void Forget(string destinationPrefix)
    {
        if (!_destinations.TryGetValue(destinationPrefix, out var destination))
            return;
        lock (_lock)
            _leaving.Add(destination);
        _destinations.TryRemove(new(destinationPrefix, destination));
        destination.Retire();
    }

    /// <summary>
    /// Closes every connection at once, whatever is under way on it, and makes none until <see cref="Open"/>: a request that was about to connect must not
    /// go out behind the cut. It ends with <see cref="DestinationUnreachableException"/>.
    /// </summary>
    public void Shut()
    {
        _isShut = true;
        foreach (var destination in All())
            destination.CloseAll();
    }

    /// <summary>Connections may be made again.</summary>
    public void Open() => _isShut = false;

    /// <summary>Not supported: requests go through the direct forwarder.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw NoHandler.Refusal();

    /// <inheritdoc cref="SendAsync"/>
    public override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => throw NoHandler.Refusal();

    /// <summary>The way to a destination.</summary>
    /// <exception cref="UriFormatException">The prefix is no absolute URL of <c>http</c> or <c>https</c>.</exception>
    internal Destination For(string prefix)
    {
        if (!_destinations.TryGetValue(prefix, out var destination))
        {
            destination = _destinations.GetOrAdd(prefix, static (p, c) => new Destination(p, c, c._options), this);
            if (_isRetired)
                destination.Retire();
        }
        return destination;
    }

    /// <summary>A request will not wait for longer than so many milliseconds: the timer looks often enough to tell.</summary>
    internal void Notice(int patience)
    {
        if (patience >= Volatile.Read(ref _shortest))
            return;
        lock (_lock)
        {
            if (patience >= _shortest)
                return;
            Volatile.Write(ref _shortest, patience);
            if (_isTicking)
                SetTimer_NeedsLock();
        }
    }

    /// <summary>A connection was made, and listed.</summary>
    internal void Opened(Destination destination)
    {
        // A request may have found it just before it was forgotten: then it is on no other list.
        var isForgotten = !IsKnown(destination);
        lock (_lock)
        {
            if (isForgotten)
                _leaving.Add(destination);
            if (_isTicking)
                return;
            _isTicking = true;
            Clock.Tick();
            SetTimer_NeedsLock();
        }
    }

    /// <summary>Connections that are idle are closed, and none is kept any more. Requests that are under way, or come yet, are served.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isRetired = true;
            foreach (var destination in All())
                destination.Retire();
        }
        base.Dispose(disposing);
    }

    private bool IsKnown(Destination destination) =>
        _destinations.TryGetValue(destination.Prefix, out var known) && ReferenceEquals(known, destination);

    private Destination[] All()
    {
        lock (_lock)
            return [.. _destinations.Values, .. _leaving];
    }

    private void SetTimer_NeedsLock()
    {
        // An eighth of the shortest limit: that is as far as two looks may miss it by a quarter.
        var period = TimeSpan.FromMilliseconds(Math.Clamp(_shortest / 8, ShortestPeriod, LongestPeriod));
        _timer.Change(period, period);
    }

    private void Sweep()
    {
        // A look that takes longer than the period is not joined by the next.
        if (Interlocked.Exchange(ref _isSweeping, 1) != 0)
            return;
        try
        {
            Clock.Tick();
            foreach (var destination in All())
            {
                destination.Sweep();
                // Destinations come and go; one that is asked for again is made anew.
                if (destination.OpenConnections == 0)
                    Forget(destination.Prefix);
            }
            lock (_lock)
            {
                _leaving.RemoveWhere(static d => d.OpenConnections == 0);
                if (_leaving.Count > 0 || _destinations.Values.Any(static d => d.OpenConnections > 0))
                    return;
                _isTicking = false;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
        finally
        {
            Volatile.Write(ref _isSweeping, 0);
        }
    }

    private sealed class NoHandler : HttpMessageHandler
    {
        public static NotSupportedException Refusal() => new(
            $"A {nameof(DirectHttpClient)} only holds connections. Forward through the direct forwarder: AddReverseProxy().AddDirectForwarder().");

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw Refusal();
    }
}
