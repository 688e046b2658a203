using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.InFlight;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// An Engine.IO long poll: a GET with a session that the node answers when it has something to say, up to 25 s later. A move cuts it
/// while its answer has not begun, and waits for it once it has.
/// </summary>
internal sealed class PollTunnel(BaseId baseId, RoutingEntry entry) : TrackedTunnel(baseId, entry), IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private int _state;

    public override string Kind => "poll";

    /// <summary>Cancelled when a move cuts it.</summary>
    public CancellationToken CutToken => _cut.Token;

    /// <summary>True once it was cut.</summary>
    public bool IsCut => Volatile.Read(ref _state) == Cut;

    private const int Waiting = 0;
    private const int Answering = 1;
    private const int Cut = 2;

    /// <summary>The node's answer begins. False: it came too late, the poll is cut.</summary>
    public bool TryAnswer() => Interlocked.CompareExchange(ref _state, Answering, Waiting) != Cut;

    public override void Close(TunnelClose reason)
    {
        // A stop of the proxy answers polls like a move does: the client comes back, elsewhere.
        if (Interlocked.CompareExchange(ref _state, Cut, Waiting) != Waiting)
            return;
        // Not on the publisher's thread: cancellation runs whatever is registered.
        ThreadPool.UnsafeQueueUserWorkItem(static poll => poll.CancelQuietly(), this, preferLocal: false);
    }

    public void Dispose() => _cut.Dispose();

    private void CancelQuietly()
    {
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in between.
        }
    }
}
