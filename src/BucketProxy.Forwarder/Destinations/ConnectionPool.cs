using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>
/// The connections of one destination that nobody uses: the one used last is used next, so that as few as possible are kept busy and the rest
/// reach their idle limit. Thread-safe.
/// </summary>
/// <param name="longest">A connection that was idle for so many milliseconds is not used again; 0 keeps none.</param>
internal sealed class ConnectionPool(int longest)
{
    private const int Far = 16;
    private readonly Lock _lock = new();
    private readonly List<DestinationConnection> _idle = [];
    private bool _isClosed;

    /// <summary>Takes one that is open, as far as this process knows; null when there is none.</summary>
    public DestinationConnection? Take()
    {
        while (true)
        {
            DestinationConnection connection;
            lock (_lock)
            {
                if (_idle.Count == 0)
                    return null;
                var at = Nearest();
                connection = _idle[at];
                _idle.RemoveAt(at);
            }
            if (IsFresh(connection))
                return connection;
            connection.Close();
        }
    }

    /// <summary>Takes back one whose exchange is over, or closes it.</summary>
    public void Return(DestinationConnection connection)
    {
        if (longest > 0 && connection.TryRest())
        {
            lock (_lock)
            {
                if (!_isClosed)
                {
                    _idle.Add(connection);
                    return;
                }
            }
        }
        connection.Close();
    }

    /// <summary>Closes those that are idle for too long, or that their destination has closed.</summary>
    public void Sweep()
    {
        DestinationConnection[] stale;
        lock (_lock)
        {
            if (_idle.TrueForAll(IsFresh))
                return;
            stale = [.. _idle.Where(c => !IsFresh(c))];
            _idle.RemoveAll(c => Array.IndexOf(stale, c) >= 0);
        }
        foreach (var connection in stale)
            connection.Close();
    }

    /// <summary>Closes all, and from here on whatever comes back.</summary>
    public void Close()
    {
        DestinationConnection[] idle;
        lock (_lock)
        {
            _isClosed = true;
            idle = [.. _idle];
            _idle.Clear();
        }
        foreach (var connection in idle)
            connection.Close();
    }

    /// <summary>The one used last on the caller's own loop, if it is not far: then the exchange never changes threads.</summary>
    private int Nearest()
    {
        var last = _idle.Count - 1;
        if (EventLoop.Current is { } loop)
        {
            for (var at = last; at >= 0 && at > last - Far; at--)
            {
                if (ReferenceEquals(_idle[at].Transport.Loop, loop))
                    return at;
            }
        }
        return last;
    }

    private bool IsFresh(DestinationConnection connection) => connection.IsQuiet && connection.IsRestedLessThan(longest);
}
