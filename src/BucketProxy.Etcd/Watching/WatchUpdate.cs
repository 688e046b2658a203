using System.Collections.Immutable;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;

namespace BucketProxy.Etcd.Watching;

/// <summary>What happened to a key.</summary>
public enum WatchEventKind
{
    /// <summary>It was set.</summary>
    Put,

    /// <summary>It was deleted, or its lease ended.</summary>
    Delete,
}

/// <summary>One change.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="KeyValue">The key after it; a deleted key has neither value nor version, and its mod-revision is that of the deletion.</param>
public sealed record WatchEvent(WatchEventKind Kind, KeyValue KeyValue);

/// <summary>What a watch has to say, in the order in which it happened.</summary>
public abstract record WatchUpdate
{
    private protected WatchUpdate()
    {
    }
}

/// <summary>A stream is open. It says nothing about how far the watch has come: its header may be ahead of changes that were not sent yet.</summary>
/// <param name="Endpoint">Where.</param>
/// <param name="Header">Which cluster and member it is, and how far that member's store had come. A revision below one already seen means
/// a member that lags, or a restored backup.</param>
/// <param name="FromRevision">The first revision that the stream will report.</param>
public sealed record WatchOpened(EtcdEndpoint Endpoint, EtcdHeader Header, long FromRevision) : WatchUpdate;

/// <summary>Changes. A revision is never spread over two of these.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Revision">The last revision in it: the watch has come so far, whatever the header says.</param>
/// <param name="Events">One or more revisions' changes, in order.</param>
public sealed record WatchChanges(EtcdHeader Header, long Revision, ImmutableArray<WatchEvent> Events) : WatchUpdate;

/// <summary>There is no change up to this revision that was not reported.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Revision">How far the watch has come.</param>
public sealed record WatchProgress(EtcdHeader Header, long Revision) : WatchUpdate;

/// <summary>The stream ended. The watch goes on by itself at the next endpoint; until <see cref="WatchOpened"/> nothing is reported.</summary>
/// <param name="Reason">Why.</param>
public sealed record WatchInterrupted(EtcdException Reason) : WatchUpdate;
