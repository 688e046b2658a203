using System.Text;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>An application has put another body in place of the client's, and left the length as it was.</summary>
public sealed class ReplacedBodyTests
{
    [Theory]
    [InlineData("shorter")]
    [InlineData("longer than it was")]
    public async Task Send_NotAsLongAsAnnounced_400AndTheDestinationTakesNothingForTheWhole(string body)
    {
        var whole = 0;
        await using var server = new RawServer(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            Interlocked.Increment(ref whole);
            await wire.SendAsync(RawServer.Ok);
        });
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup
        {
            Around = (context, next) =>
            {
                context.Request.Body = new MemoryStream(Encoding.ASCII.GetBytes(body));
                return next(context);
            },
        });
        await using var client = await RawClient.ConnectAsync(app.Port);

        var answer = await client.AskAsync("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");

        Assert.Equal(400, answer.Status);
        await Patience.UntilAsync(() => !app.Errors.IsEmpty, "the error was told");
        Assert.Equal(ForwarderError.RequestBodyClient, Assert.Single(app.Errors).Error);
        await Patience.UntilAsync(() => server.OpenConnections == 0, "the destination's connection is closed");
        Assert.Equal(0, whole);
    }
}
