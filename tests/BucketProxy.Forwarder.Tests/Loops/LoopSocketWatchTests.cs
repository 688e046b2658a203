using System.Runtime.CompilerServices;
using BucketProxy.Forwarder.Loops;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;

namespace BucketProxy.Forwarder.Tests.Loops;

/// <summary>When a socket begins to be watched, and what becomes of it where that is not to be had.</summary>
public sealed class LoopSocketWatchTests
{
    private const int Races = 5_000;
    private const int DuplicateCloseOnExec = 1030;

    [Fact]
    public void Watch_KernelDoesNot_SaysSoAndIsClosed()
    {
        using var directory = new TemporaryDirectory();
        var socket = new LoopSocket(EventLoop.Next(), NotToBeWatched(directory));

        Assert.Throws<IOException>(socket.Watch);

        Assert.True(socket.IsClosed);
        // There is nothing left that could be watched.
        socket.Watch();
    }

    [Fact]
    public async Task Connection_KernelDoesNotWatchIt_WhoReadsAndWhoWaitsForItsEndAreTold()
    {
        using var directory = new TemporaryDirectory();
        await using var connection = LoopConnection.Open(NotToBeWatched(directory), null, Accepted.Settings());

        await Assert.ThrowsAnyAsync<Exception>(() => connection.Transport.Input.ReadAsync().AsTask().Within());

        await Patience.UntilAsync(() => connection.ConnectionClosed.IsCancellationRequested, "the server is told of the end");
    }

    // A loop that keeps a socket that is closed keeps it for ever.
    [Fact]
    public Task Watch_BesideAClose_LoopForgetsIt() => Seeded.RunAsync(1, async random =>
    {
        var closed = Race(random);

        // A loop may still have the one in its hand that it told of something last.
        await Patience.UntilAsync(
            () =>
            {
                GC.Collect();
                return closed.Count(socket => socket.IsAlive) <= Environment.ProcessorCount;
            },
            "no loop knows any of them");
    });

    private static List<WeakReference> Race(Random random)
    {
        var closed = new List<WeakReference>(Races);
        LoopSocket? next = null;
        var closer = new Thread(() =>
        {
            for (var i = 0; i < Races; i++)
            {
                LoopSocket? socket;
                while ((socket = Interlocked.Exchange(ref next, null)) is null)
                    Thread.SpinWait(1);
                Thread.SpinWait(i % 400);
                socket.Close();
            }
        });
        closer.Start();
        for (var i = 0; i < Races; i++)
            closed.Add(WatchOne(ref next, random.Next(400)));
        closer.Join();
        return closed;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference WatchOne(ref LoopSocket? next, int wait)
    {
        var (ours, peer) = Pipes.Open();
        var socket = new LoopSocket(EventLoop.Next(), ours);
        Volatile.Write(ref next, socket);
        Thread.SpinWait(wait);
        socket.Watch();
        while (!socket.IsClosed)
            Thread.SpinWait(1);
        Pipes.Close(peer);
        return new WeakReference(socket);
    }

    /// <summary>A file's descriptor: epoll takes none.</summary>
    private static int NotToBeWatched(TemporaryDirectory directory)
    {
        using var file = File.OpenHandle(Path.Combine(directory.Path, "file"), FileMode.Create, FileAccess.ReadWrite);
        return Libc.Control((int)file.DangerousGetHandle(), DuplicateCloseOnExec, 0);
    }
}
