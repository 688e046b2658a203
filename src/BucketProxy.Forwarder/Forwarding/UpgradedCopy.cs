using System.Buffers;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Copies both ways between a client and a destination after an upgrade. Where the destination ends, so does the other direction.</summary>
/// <param name="client">What reads and writes the client.</param>
/// <param name="destination">The destination.</param>
/// <param name="halfCloses">A client that has ended its side is still written to, where the destination can be told of that end. Else its end ends the other direction,
/// too.</param>
internal sealed class UpgradedCopy(Stream client, DestinationStream destination, bool halfCloses = false)
{
    private readonly TaskCompletionSource<UpgradedEnd> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The client was still being written to when it ended: what it got is not the whole.</summary>
    public bool IsCutShort { get; private set; }

    /// <summary>What ended it; null when one side ended by itself.</summary>
    public Exception? Error { get; private set; }

    /// <summary>Copies until one side ends, and has closed the destination when it returns. Disposing of the client's stream is the caller's. Never
    /// throws.</summary>
    /// <param name="gone">Ends it: the destination's connection is closed when the cancellation returns.</param>
    /// <param name="token">Ends it, too.</param>
    public async Task<UpgradedEnd> RunAsync(CancellationToken gone, CancellationToken token)
    {
        using var ending = new CancellationTokenSource();
        Task toDestination, toClient;
        await using (gone.UnsafeRegister(static c => ((UpgradedCopy)c!).Cancel(), this))
        await using (token.UnsafeRegister(static c => ((UpgradedCopy)c!).Cancel(), this))
        {
            toDestination = CopyAsync(client, destination, UpgradedEnd.ClientRead, UpgradedEnd.DestinationWrite, ending.Token);
            toClient = CopyAsync(destination, client, UpgradedEnd.DestinationRead, UpgradedEnd.ClientWrite, ending.Token);
            await _first.Task;
        }
        // Closed at once; its pump ends by that.
        await destination.DisposeAsync();
        await ending.CancelAsync();
        await Task.WhenAll(toDestination, toClient);
        return await _first.Task;
    }

    private void Cancel()
    {
        _first.TrySetResult(UpgradedEnd.Cancelled);
        destination.Dispose();
    }

    private async Task CopyAsync(Stream from, Stream to, UpgradedEnd reading, UpgradedEnd writing, CancellationToken ending)
    {
        using var buffer = new PumpBuffer(ArrayPool<byte>.Shared);
        var at = reading;
        try
        {
            while (await buffer.ReadAsync(from, ending))
            {
                at = writing;
                await to.WriteAsync(buffer.Data, ending);
                at = reading;
            }
            var goesOn = reading == UpgradedEnd.ClientRead && halfCloses && destination.TryEndSending();
            if (!goesOn)
                _first.TrySetResult(UpgradedEnd.BySide);
        }
        catch (Exception e)
        {
            if (at == UpgradedEnd.ClientWrite)
                IsCutShort = true;
            if (_first.TrySetResult(at))
                Error = e;
        }
    }
}

/// <summary>What ended an upgraded connection.</summary>
internal enum UpgradedEnd
{
    /// <summary>One side, by the book.</summary>
    BySide,

    /// <summary>Whoever may cancel it.</summary>
    Cancelled,

    /// <summary>The client could not be read.</summary>
    ClientRead,

    /// <summary>The client could not be written to.</summary>
    ClientWrite,

    /// <summary>The destination could not be read.</summary>
    DestinationRead,

    /// <summary>The destination could not be written to.</summary>
    DestinationWrite,
}
