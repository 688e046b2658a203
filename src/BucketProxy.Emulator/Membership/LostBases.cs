using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Nodes;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Emulator.Membership;

/// <summary>
/// Releases every loaded base that the cluster gave to another node; each by itself, so that a base with a long request holds no other one up.
/// A base that nobody owns stays: nobody else can load it.
/// </summary>
internal sealed class LostBases(EmulatedNode node, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BaseId, Task> _releasing = [];
    private readonly CancellationTokenSource _stop = new();

    public void Release(ClusterView view)
    {
        lock (_lock)
        {
            foreach (var done in _releasing.Where(release => release.Value.IsCompleted).ToList())
                _releasing.Remove(done.Key);
            foreach (var id in node.LoadedBases.Select(Parse))
            {
                if (!_releasing.ContainsKey(id) && OwnerOf(view, id) is { } grant && grant.Owner != node.Id)
                    _releasing.Add(id, ReleaseAsync(BasePrefix.Of(id), grant.Owner, view.Revision));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] running;
        lock (_lock)
            running = [.. _releasing.Values];
        await Task.WhenAll(running);
        _stop.Dispose();
    }

    /// <summary>The grant a base goes by: that of the most specific pin, else of its bucket; null: nobody's.</summary>
    private static Grant? OwnerOf(ClusterView view, BaseId id)
    {
        var pin = view.Pins.Where(pin => pin.Key.Covers(id)).OrderByDescending(pin => pin.Key.Digits).Select(pin => pin.Value).FirstOrDefault();
        return pin ?? view.Assignments.GetValueOrDefault(id.Bucket);
    }

    private static BaseId Parse(string text) =>
        BaseId.TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is no base UUID.");

    private async Task ReleaseAsync(BasePrefix pin, string owner, long revision)
    {
        // Off the caller's thread, which must see the next change.
        await Task.Yield();
        try
        {
            // The view's revision, not the grant's epoch: without its pin a base goes by its bucket's grant, which may be older.
            await node.ReleasePinAsync(pin, revision, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // It leaves; what is loaded is saved when the node stops.
        }
        catch (ObjectDisposedException) when (node.HasEnded)
        {
            // The node died meanwhile, and with it what was to be released.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotReleased(logger, e, node.Id, pin.ToString(), owner);
        }
    }
}
