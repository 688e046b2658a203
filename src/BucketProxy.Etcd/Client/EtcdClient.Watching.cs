using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Watching;

namespace BucketProxy.Etcd.Client;

public sealed partial class EtcdClient
{
    /// <summary>Reports every change of the keys from a revision on, each once and in order, until cancelled.</summary>
    /// <remarks>When its stream ends, for whatever reason, it goes on at the next endpoint where it left off. A reader that is slow slows
    /// the server down, and loses nothing. Read it from one place at a time.</remarks>
    /// <param name="range">Which keys.</param>
    /// <param name="fromRevision">The first revision to report; at least 1. After a snapshot at R this is R + 1.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="Errors.EtcdCompactedException">What comes next is no longer kept: read a new snapshot, and watch from there.</exception>
    /// <exception cref="Errors.EtcdClusterChangedException">Another cluster answered.</exception>
    /// <exception cref="Errors.EtcdException">The server refuses: the user may not, the call is not known.</exception>
    public IAsyncEnumerable<WatchUpdate> WatchAsync(KeyRange range, long fromRevision, CancellationToken cancel = default)
    {
        // "From now on" is not offered: it loses what happens between two streams.
        ArgumentOutOfRangeException.ThrowIfLessThan(fromRevision, 1);
        return new ResilientWatch(range, fromRevision, _options, _ring, _caller, _time, _log).RunAsync(cancel);
    }
}
