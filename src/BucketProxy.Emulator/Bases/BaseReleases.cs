using System.Collections.Concurrent;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Emulator.Bases;

/// <summary>What a release did.</summary>
/// <param name="Unloaded">How many bases were saved and unloaded.</param>
/// <param name="Ignored">The epoch was lower than one already seen; nothing was done.</param>
public readonly record struct Released(int Unloaded, bool Ignored);

/// <summary>Gives up the bases of a bucket or of a pin, by the orders of whoever leads, told apart by their epochs.</summary>
internal sealed class BaseReleases(BaseRegistry bases, NodeJournal journal)
{
    private readonly ConcurrentDictionary<string, long> _epochs = new(StringComparer.Ordinal);

    /// <summary>
    /// Waits for the bucket's running requests, drops its sockets, saves and unloads its bases. Requests that come in meanwhile wait and then load the base again:
    /// the order may be taken back, so the node never refuses. The same epoch may come again; it does the same again.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="epoch">The epoch of the order; one lower than any seen for this bucket is ignored.</param>
    /// <param name="cancel">Gives up waiting; what is not unloaded yet stays loaded and served.</param>
    /// <exception cref="IOException">The storage does not take it; the base stays loaded and served.</exception>
    public Task<Released> BucketAsync(Bucket bucket, long epoch, CancellationToken cancel) =>
        ReleaseAsync(bucket, null, key => key.Bucket == bucket, epoch, cancel);

    /// <summary>As <see cref="BucketAsync"/>, for the base (or bases) that a pin names.</summary>
    public Task<Released> PinAsync(BasePrefix pin, long epoch, CancellationToken cancel) =>
        ReleaseAsync(pin.Bucket, pin, key => key.IsUnder(pin), epoch, cancel);

    private async Task<Released> ReleaseAsync(Bucket bucket, BasePrefix? pin, Func<BaseKey, bool> fits, long epoch, CancellationToken cancel)
    {
        if (_epochs.AddOrUpdate(pin?.ToString() ?? bucket.ToString(), epoch, (_, seen) => Math.Max(seen, epoch)) > epoch)
            return new Released(0, Ignored: true);
        var unloaded = await bases.UnloadAsync(fits, cancel);
        journal.Write(new JournalEntry { Event = JournalEvent.Release, Bucket = bucket.ToString(), Base = pin?.ToString(), Epoch = epoch });
        return new Released(unloaded, Ignored: false);
    }
}
