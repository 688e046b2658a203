using BucketProxy.Forwarder.Loops;

namespace BucketProxy.Forwarder.Http1;

/// <summary>The bytes of a connection. One send and one receive at a time; <see cref="Close"/> at any time, by anybody.</summary>
internal interface ITransport
{
    /// <summary>The loop on whose thread it is received from; null: any thread.</summary>
    EventLoop? Loop { get; }

    /// <summary>It rests, and nothing came: the destination would have closed it, or spoken unasked.</summary>
    bool IsQuiet { get; }

    /// <summary>Asks the kernel too, which may know of a close that this process has not been told of.</summary>
    bool IsQuietForCertain();

    /// <summary>Receives some bytes; 0 at the end. With an empty buffer it only waits for something to come.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> into);

    /// <summary>Sends all of it.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Sends all of it, at one go where that is possible.</summary>
    ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts);

    /// <summary>An exchange is over, and no other begins yet: whatever comes from here on ends <see cref="IsQuiet"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    void Rest();

    /// <summary>Ends this side, behind what was sent: the destination reads an end, and may go on. False: it cannot be told so, or it is closed. While nobody sends.</summary>
    bool TryEndSending();

    /// <summary>Closes it. Whoever waits on it gets an exception.</summary>
    void Close();
}
