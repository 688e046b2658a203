using System.Threading.Channels;

namespace BucketProxy.Admin.Live;

/// <summary>
/// One reader of the feed. It holds at most <see cref="Capacity"/> messages; when a reader is slower than that, they are thrown away and
/// a whole snapshot takes their place, so that it is late but never wrong, and holds no more memory however slow it is.
/// </summary>
internal sealed class LiveListener
{
    /// <summary>About six seconds of changes at the fastest pace.</summary>
    public const int Capacity = 32;

    private readonly Channel<LiveMessage?> _messages = Channel.CreateBounded<LiveMessage?>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>What comes next; null: a snapshot is wanted.</summary>
    public ChannelReader<LiveMessage?> Messages => _messages.Reader;

    /// <summary>How often it fell behind.</summary>
    public int Resyncs { get; private set; }

    /// <summary>Never waits. Called under the feed's lock, so that it is the only writer.</summary>
    public void Offer(LiveMessage message)
    {
        if (_messages.Writer.TryWrite(message))
            return;
        while (_messages.Reader.TryRead(out _))
        {
            // Thrown away: the snapshot says it all.
        }
        Resyncs++;
        _messages.Writer.TryWrite(null);
    }

    /// <summary>Wants a snapshot.</summary>
    public void WantSnapshot() => _messages.Writer.TryWrite(null);

    /// <summary>No more will come.</summary>
    public void Complete() => _messages.Writer.TryComplete();
}
