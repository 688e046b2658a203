using BucketProxy.Gateway.Tests.Support;

namespace BucketProxy.Gateway.Tests.Targeting;

public sealed class TargetTests
{
    private const string Uuid = GatewayUnderTest.Uuid;

    [Theory]
    [InlineData($"/api/v1/dtables/{Uuid}/rows/")]
    [InlineData($"/api/v1/dtables/{Uuid}/%7Efoo/%7efoo/~foo")]
    [InlineData($"/api/v1/dtables/{Uuid}/a/../b/./c//d")]
    [InlineData($"/api/v1/dtables/{Uuid}/a%2Fb%2fc%5C")]
    [InlineData($"/api/v1/dtables/{Uuid}/?q=a%20b+c&x=%C3%A4%c3%a4&y=[]{{}}|^`\"<>")]
    [InlineData("/api/v1/dtables/0F3B5A1E7C2D4E8F9A0B1C2D3E4F5A6B/Rows")]
    [InlineData($"/dtables/{Uuid}")]
    [InlineData($"/dtables/{Uuid}/?a=1?b=2&dtable_uuid=11111111-1111-1111-1111-111111111111")]
    [InlineData($"/socket.io/?dtable_uuid={Uuid}&EIO=4&transport=polling")]
    public async Task Target_AnyBytes_ReachTheNodeAsTheyCame(string target)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(target));

        Assert.Equal(200, response.Status);
        Assert.Equal($"GET {target} HTTP/1.1", Assert.Single(node.Requests).Line);
    }

    [Theory]
    [InlineData("/dtable-server")]
    [InlineData("/api-gateway")]
    public async Task Prefix_Configured_IsStripped(string prefix)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await gateway.AskAsync(GatewayUnderTest.Get($"{prefix}/socket.io/?dtable_uuid={Uuid}"));

        Assert.Equal($"/socket.io/?dtable_uuid={Uuid}", Assert.Single(node.Requests).Target);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("/inner/path", "/inner/path")]
    [InlineData("/inner/path/", "/inner/path")]
    public async Task NodeUrl_WithPath_PathComesFirst(string registered, string expected)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.RecordFor(registered));

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(expected + GatewayUnderTest.Path, Assert.Single(node.Requests).Target);
    }

    [Theory]
    [InlineData("/dtables/not-a-uuid/", 400)]
    [InlineData($"/dtables/{Uuid}0/", 400)]
    [InlineData($"/socket.io/?dtable_uuid={Uuid}&dtable_uuid=1f3b5a1e-7c2d-4e8f-9a0b-1c2d3e4f5a6b", 400)]
    [InlineData($"/api/v1/dtables/{Uuid}/../../../dtables/1f3b5a1e-7c2d-4e8f-9a0b-1c2d3e4f5a6b/", 400)]
    [InlineData("/unknown/", 404)]
    [InlineData($"/unknown/?dtable_uuid={Uuid}", 404)]
    public async Task Target_NamesNoBase_NoNodeSeesIt(string target, int status)
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get(target));

        Assert.Equal(status, response.Status);
        Assert.StartsWith("{\"error_msg\":\"", response.Text, StringComparison.Ordinal);
        Assert.Equal("application/json", response.Header("Content-Type"));
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task Target_AbsoluteFormOfOurHost_NodeGetsOriginForm()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get("http://proxy.example" + GatewayUnderTest.Path));

        Assert.Equal(200, response.Status);
        Assert.Equal(GatewayUnderTest.Path, Assert.Single(node.Requests).Target);
    }

    [Fact]
    public async Task Target_AbsoluteFormOfAnotherHost_400()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        var response = await gateway.AskAsync(GatewayUnderTest.Get("http://other.example" + GatewayUnderTest.Path));

        Assert.Equal(400, response.Status);
        Assert.Empty(node.Requests);
    }
}
