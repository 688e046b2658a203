using System.Globalization;
using System.Net.Sockets;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Whatever a node sends is its own affair: it is counted by cause, and nothing of it is a fault in our log.</summary>
public sealed class GeneratedAnswersTests
{
    private const int Answers = 1000;
    private const int AtOnce = 8;

    [Fact]
    public Task ThousandMalformedAnswers_EachCounted_NoStackInTheLog() => Seeded.RunAsync(1, async random =>
    {
        var answers = Enumerable.Range(0, Answers).Select(_ => GeneratedAnswers.Next(random)).ToArray();
        var log = new CapturedLog();
        using var figures = new Figures();
        await using var node = new FakeNode(async (request, wire) =>
        {
            await request.ReadBodyAsync(wire);
            await wire.SendAsync(answers[int.Parse(request.Header("X-Answer")!, CultureInfo.InvariantCulture)]);
            ((NetworkStream)wire.Stream).Socket.Shutdown(SocketShutdown.Send);
            await wire.ReadToEndAsync();
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, telemetry: new GatewayTelemetry { Meters = figures }, log: log);

        await Parallel.ForEachAsync(Enumerable.Range(0, Answers), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) =>
        {
            await using var client = await gateway.ClientAsync();
            var (method, body) = (number % 4) switch { 0 => ("HEAD", ""), 1 => ("POST", "{}"), _ => ("GET", "") };
            await client.SendAsync(GatewayUnderTest.Send(method, GatewayUnderTest.Path, body, $"Connection: close\r\nX-Answer: {number}\r\n"));
            await client.Wire.ReadToEndAsync();
        });

        await GatewayUnderTest.UntilAsync(() => figures.Now("bucketproxy.requests").Values.Sum() == Answers, "all are counted");
        var causes = figures.Now("bucketproxy.requests").GroupBy(c => c.Key.Split(',')[0]).ToDictionary(c => c.Key, c => c.Sum(v => v.Value));
        var told = string.Join(", ", causes);
        Assert.True(causes.Keys.All(c => c is "cause=node" or "cause=node_malformed" or "cause=node_failed"), told);
        // Some happen to be whole, and some break off; but most are what they are meant to be.
        Assert.True(causes["cause=node_malformed"] > Answers / 4, told);
        Assert.True(log.Faults.Count == 0, string.Join("\n====\n", log.Faults));
        await GatewayUnderTest.UntilAsync(() => node.OpenConnections == 0, "no connection is left");
    });
}
