using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Hosting;

/// <summary>The gateway on its loops: many clients that behave and misbehave at once, and every answer must be the one to its own request.</summary>
public sealed class WholeTests
{
    private const int Clients = 200;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);

    [Fact]
    public Task ManyClients_EveryAnswerIsItsOwn() => Seeded.RunAsync(1, async seeds =>
    {
        await using var node = new FakeNode(MixedClients.AnswerAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);

        await MixedClients.RunAsync(Clients, Duration, gateway.Port, GatewayUnderTest.Path, seeds);

        await GatewayUnderTest.UntilAsync(() => gateway.Traffic.PlainRequests == 0, "nothing is in flight");
    });

    [Fact]
    public async Task LongAnswers_OneAfterTheOther_OnOneConnectionToTheNode()
    {
        await using var node = new FakeNode(MixedClients.AnswerAsync);
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        await using var client = await gateway.ClientAsync();
        for (var more = 0; more < 300_000; more += 10_000)
            Assert.Equal(200, (await client.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path, $"X-Id: a\r\nX-More: {more}\r\n"))).Status);

        Assert.Equal(1, node.Connections);
    }
}
