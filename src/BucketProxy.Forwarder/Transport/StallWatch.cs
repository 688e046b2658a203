namespace BucketProxy.Forwarder.Transport;

/// <summary>Notices that a wait for a client goes on and nothing moves. One timer per connection, and none before the first wait.</summary>
/// <param name="settings">How long is too long.</param>
/// <param name="stalled">Told when nothing has moved for that long.</param>
internal sealed class StallWatch(ConnectionSettings settings, Action stalled) : IDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isArmed;
    private bool _waits;
    private bool _isOver;
    private volatile bool _moved;

    /// <summary>A wait begins.</summary>
    public void Wait()
    {
        lock (_lock)
        {
            _waits = true;
            _moved = false;
            if (_isArmed || _isOver)
                return;
            _isArmed = true;
            if (_timer is null)
                _timer = settings.Time.CreateTimer(static w => ((StallWatch)w!).Look(), this, settings.Patience, Timeout.InfiniteTimeSpan);
            else
                _timer.Change(settings.Patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The wait goes on, but something has moved.</summary>
    public void Moved() => _moved = true;

    /// <summary>The wait is over.</summary>
    public void End()
    {
        lock (_lock)
            _waits = false;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isOver = true;
            _waits = false;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        lock (_lock)
        {
            _isArmed = _waits && _moved;
            _moved = false;
            if (_isArmed)
                _timer!.Change(settings.Patience, Timeout.InfiniteTimeSpan);
            if (_isArmed || !_waits)
                return;
        }
        stalled();
    }
}
