using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transforms;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Forwarder and transport together: many clients that behave and misbehave at once, and every answer must be the one to its own request.</summary>
public sealed class WholeTests
{
    private static readonly ProxySetup Exact = new() { Proxy = static p => p.AddTransforms(static c => c.AddExactForwarding()) };

    private const int Clients = 200;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    [Fact]
    public Task ManyClients_EveryAnswerIsItsOwn() => Seeded.RunAsync(1, async seeds =>
    {
        await using var server = new RawServer(MixedClients.AnswerAsync);
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);

        await MixedClients.RunAsync(Clients, Duration, app.Port, "/a/", seeds);

        await Patience.UntilAsync(() => app.UnderWay == 0, "nothing is in flight");
    });

    [Fact]
    public async Task LongAnswers_OneAfterTheOther_OnOneConnectionToTheDestination()
    {
        await using var server = new RawServer(MixedClients.AnswerAsync);
        await using var app = await ProxyApp.StartAsync(server.Port, Exact);
        await using var client = await app.ClientAsync();
        for (var more = 0; more < 300_000; more += 10_000)
            Assert.Equal(200, (await client.AskAsync(ProxyApp.Get("/a/", $"X-Id: a\r\nX-More: {more}\r\n"))).Status);

        Assert.Equal(1, server.Connections);
    }
}
