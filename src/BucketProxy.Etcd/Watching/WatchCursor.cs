using System.Collections.Immutable;
using BucketProxy.Etcd.Kv;

namespace BucketProxy.Etcd.Watching;

/// <summary>How far a watch has come, and what an answer adds to that. The place of rule 3: only changes, and the watch's own progress
/// notifications, let it advance.</summary>
/// <param name="next">The first revision not yet reported.</param>
internal sealed class WatchCursor(long next)
{
    private readonly List<WatchEvent> _fragments = [];

    /// <summary>The first revision not yet reported.</summary>
    public long Next { get; private set; } = next;

    /// <summary>A new stream reports what an old one had begun from the start again.</summary>
    public void StreamEnded() => _fragments.Clear();

    /// <summary>What the answer says; null for nothing.</summary>
    /// <exception cref="InvalidDataException">Revisions do not come in order.</exception>
    public WatchUpdate? Take(Wire.WatchResponse answer, long watchId)
    {
        var header = EtcdHeader.From(answer.Header);
        // Rule 3. And an answer to a progress request bears no watch's number: servers before 3.4.25 and 3.5.8 send it past events that are
        // still queued (etcd pull 15695), so it is a sign of life, and no more.
        if (answer.Created || answer.WatchId != watchId)
            return null;
        if (answer.Events.Count == 0 && _fragments.Count == 0)
            return answer.Fragment ? null : Progress(header);
        _fragments.AddRange(answer.Events.Select(Convert).Where(e => e.KeyValue.ModRevision >= Next));
        if (answer.Fragment)
            return null;
        return Changes(header);
    }

    private WatchProgress? Progress(EtcdHeader header)
    {
        if (header.Revision < Next)
            return null;
        Next = header.Revision + 1;
        return new WatchProgress(header, header.Revision);
    }

    private WatchChanges? Changes(EtcdHeader header)
    {
        if (_fragments.Count == 0)
            return null;
        var changes = _fragments.ToImmutableArray();
        _fragments.Clear();
        for (var i = 1; i < changes.Length; i++)
        {
            if (changes[i].KeyValue.ModRevision < changes[i - 1].KeyValue.ModRevision)
                throw new InvalidDataException($"revision {changes[i].KeyValue.ModRevision} was sent after {changes[i - 1].KeyValue.ModRevision}");
        }
        // Not the header's revision: it tells how far the store is, and a watch that is catching up gets that in parts.
        var last = changes[^1].KeyValue.ModRevision;
        Next = last + 1;
        return new WatchChanges(header, last, changes);
    }

    private static WatchEvent Convert(Mvccpb.Event e) =>
        new(e.Type == Mvccpb.Event.Types.EventType.Delete ? WatchEventKind.Delete : WatchEventKind.Put, KeyValue.From(e.Kv ?? new Mvccpb.KeyValue()));
}
