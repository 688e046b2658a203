using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Tests.Transport;

public sealed class UseLoopTransportTests
{
    [Fact]
    public async Task Request_ItsConnection_IsOnTheLoopsAndUsesTheBlockPool()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseLoopTransport().UseUrls("http://127.0.0.1:0");
        await using var application = builder.Build();
        var isDetachable = false;
        object? pool = null;
        application.Run(http =>
        {
            isDetachable = http.Features.Get<IConnectionDetachFeature>() is not null;
            pool = http.Features.Get<IMemoryPoolFeature>()?.MemoryPool;
            return http.Response.WriteAsync("ok");
        });
        await application.StartAsync();
        await using var client = await RawClient.ConnectAsync(new Uri(application.Urls.Single()).Port);

        var answer = await client.AskAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("ok", answer.Text);
        Assert.True(isDetachable);
        Assert.IsType<BlockPool>(pool);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(86_401)]
    public void StallTimeout_OutOfRange_SaysWhatIsAllowed(int seconds)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());

        var e = Assert.Throws<ArgumentException>(
            () => builder.WebHost.UseLoopTransport(options => options.StallTimeout = TimeSpan.FromSeconds(seconds)));

        Assert.Contains("StallTimeout", e.Message, StringComparison.Ordinal);
        Assert.Contains("more than 0 s to 1 day", e.Message, StringComparison.Ordinal);
    }
}
