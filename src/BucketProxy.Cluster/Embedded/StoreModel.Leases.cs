using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

public sealed partial class StoreModel
{
    /// <summary>The leases that live, in no order.</summary>
    public IReadOnlyCollection<long> Leases => _leases.Keys;

    /// <summary>Virtual time at which the next lease ends unless renewed; null: there is none.</summary>
    public TimeSpan? NextExpiry
    {
        get
        {
            TimeSpan? next = null;
            foreach (var lease in _leases.Values)
            {
                if (next is null || lease.Deadline < next)
                    next = lease.Deadline;
            }
            return next;
        }
    }

    /// <summary>Virtual time at which a lease ends unless renewed; null: it is not there.</summary>
    public TimeSpan? DeadlineOf(long leaseId) => _leases.GetValueOrDefault(leaseId)?.Deadline;

    /// <summary>Grants a lease.</summary>
    /// <param name="timeToLive">At least 1 s; a part of a second is rounded up.</param>
    /// <param name="now">Virtual time.</param>
    /// <exception cref="StoreRejectedException">Less than 1 s.</exception>
    public LeaseGrant GrantLease(TimeSpan timeToLive, TimeSpan now)
    {
        if (timeToLive < TimeSpan.FromSeconds(1))
            throw new StoreRejectedException($"A lease lives for 1 s at least, not {timeToLive}.");
        var granted = TimeSpan.FromSeconds(Math.Ceiling(timeToLive.TotalSeconds));
        long id;
        do
        {
            id = NextLeaseId();
        }
        while (id == 0 || _leases.ContainsKey(id));
        _leases.Add(id, new StoreLease(id, granted, now + granted));
        Changed?.Invoke(new StoreChange.LeaseGranted(id, granted));
        return new LeaseGrant(id, granted);
    }

    /// <summary>Renews a lease; null: it is not there, or its time was over.</summary>
    public TimeSpan? RenewLease(long leaseId, TimeSpan now)
    {
        if (!_leases.TryGetValue(leaseId, out var lease) || lease.Deadline <= now)
            return null;
        lease.Deadline = now + lease.TimeToLive;
        return lease.TimeToLive;
    }

    /// <summary>Ends a lease and deletes its keys, at one revision; false: it was not there.</summary>
    public bool RevokeLease(long leaseId)
    {
        if (!_leases.TryGetValue(leaseId, out var lease))
            return false;
        if (lease.Keys.Count > 0)
        {
            var events = lease.Keys.Select(key => new WatchEvent(key, Revision + 1, null)).ToList();
            foreach (var e in events)
                Store(e);
            Revision++;
            Changed?.Invoke(new StoreChange.Written(Revision, events));
        }
        _leases.Remove(leaseId);
        Changed?.Invoke(new StoreChange.LeaseEnded(leaseId));
        return true;
    }

    /// <summary>Ends all leases whose time is over, those first that ended first.</summary>
    /// <returns>How many.</returns>
    public int ExpireLeases(TimeSpan now)
    {
        if (NextExpiry is not { } next || next > now)
            return 0;
        var over = _leases.Values.Where(l => l.Deadline <= now).OrderBy(l => l.Deadline).ThenBy(l => l.Id).ToList();
        foreach (var lease in over)
            RevokeLease(lease.Id);
        return over.Count;
    }

    // SplitMix64: ids that look random and follow from the seed alone.
    private long NextLeaseId()
    {
        var z = _leaseSeed += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (long)((z ^ (z >> 31)) >> 1);
    }
}
