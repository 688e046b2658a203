using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Holding;

/// <summary>A proxy that fences: nothing leaves it until it may route again.</summary>
public sealed class CutTests
{
    [Fact]
    public async Task CutAll_UntilAnOpenTableIsPublished_RequestsAreHeldAndReachNobody()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        Assert.Equal("ok", (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Text);

        // The worst case: the table still names an owner.
        gateway.Host.CutAll();
        var held = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));

        await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "the request is held");
        Assert.Single(node.Requests);
        gateway.Tables.OpenAll(node.Record).Publish();
        Assert.Equal("ok", (await held).Text);
        Assert.Equal(2, node.Requests.Count);
    }
}
