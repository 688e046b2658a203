using BucketProxy.Admin.Live;

namespace BucketProxy.Tests.Admin.Live;

public sealed class LiveListenerTests
{
    private static LiveMessage Message(long id) => LiveMessage.Of("run", id, "change", "{}"u8);

    [Fact]
    public void Offer_AReaderThatKeepsUp_GetsEveryMessage()
    {
        var listener = new LiveListener();
        for (var id = 1; id <= 1000; id++)
        {
            listener.Offer(Message(id));
            Assert.True(listener.Messages.TryRead(out var message));
            Assert.Equal(id, message!.Id);
        }
        Assert.Equal(0, listener.Resyncs);
    }

    [Fact]
    public void Offer_AReaderThatDoesNotRead_HoldsNoMoreAndGetsASnapshotFirst()
    {
        var listener = new LiveListener();
        for (var id = 1; id <= 10_000; id++)
        {
            listener.Offer(Message(id));
            Assert.InRange(listener.Messages.Count, 1, LiveListener.Capacity);
        }
        Assert.True(listener.Resyncs > 0);
        Assert.True(listener.Messages.TryRead(out var first));
        Assert.Null(first);
        var last = 0L;
        while (listener.Messages.TryRead(out var message))
            last = message!.Id;
        Assert.Equal(10_000, last);
    }
}
