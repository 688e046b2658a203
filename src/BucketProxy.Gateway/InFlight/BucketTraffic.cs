using BucketProxy.Core.Routing;

namespace BucketProxy.Gateway.InFlight;

/// <summary>What of one bucket is in flight apart from the counts of the entries in the published table.</summary>
internal sealed class BucketTraffic
{
    private readonly Lock _lock = new();
    private readonly HashSet<TrackedTunnel> _tunnels = [];
    private RoutingEntry[] _retired = [];

    public int Tunnels
    {
        get
        {
            lock (_lock)
                return _tunnels.Count;
        }
    }

    public void Add(TrackedTunnel tunnel)
    {
        lock (_lock)
            _tunnels.Add(tunnel);
    }

    public bool Remove(TrackedTunnel tunnel)
    {
        lock (_lock)
            return _tunnels.Remove(tunnel);
    }

    /// <summary>Remembers an entry that was replaced while requests were under way through it.</summary>
    public void Retire(RoutingEntry entry)
    {
        lock (_lock)
            _retired = [.. _retired.Where(e => e.InFlight > 0), entry];
    }

    /// <summary>Replaced entries through which requests are still under way.</summary>
    public RoutingEntry[] Retired()
    {
        lock (_lock)
        {
            if (_retired.Length > 0 && _retired.Any(e => e.InFlight == 0))
                _retired = [.. _retired.Where(e => e.InFlight > 0)];
            return _retired;
        }
    }

    public TrackedTunnel[] Where(Func<TrackedTunnel, bool> condition)
    {
        lock (_lock)
            return [.. _tunnels.Where(condition)];
    }
}
