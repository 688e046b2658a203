using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy;

namespace BucketProxy.Gateway.Tests.Pipeline;

/// <summary>Alone: YARP's counters are the process's.</summary>
[CollectionDefinition("YARP's counters", DisableParallelization = true)]
public sealed class YarpCountersAlone;

/// <summary>Whoever watches YARP sees what is true, whichever forwarder sends.</summary>
[Collection("YARP's counters")]
public sealed class YarpFiguresTests
{
    private const int Requests = 5;

    [Fact]
    public async Task Destination_RequestsInFlight_AreItsConcurrentRequests()
    {
        var answer = new TaskCompletionSource();
        IProxyStateLookup? yarp = null;
        await using var node = new FakeNode(async (_, wire) =>
        {
            await answer.Task;
            await wire.SendAsync(FakeNode.Ok);
        });
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                yarp ??= context.RequestServices.GetRequiredService<IProxyStateLookup>();
                return next(context);
            }),
        });

        var asks = Enumerable.Range(0, Requests).Select(_ => gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).ToArray();
        await GatewayUnderTest.UntilAsync(() => node.Requests.Count == Requests, "every request is at the node");

        Assert.True(yarp!.TryGetCluster("dtable-servers", out var cluster));
        var destination = cluster.Destinations[node.Id];
        Assert.Equal(Requests, destination.ConcurrentRequestCount);
        answer.SetResult();
        await Task.WhenAll(asks);
        await GatewayUnderTest.UntilAsync(() => destination.ConcurrentRequestCount == 0, "none is in flight");
    }

    [Fact]
    public async Task EventSource_EveryRequest_StartsStopsAndIsCounted()
    {
        await using var node = new FakeNode((request, wire) => request.Target.EndsWith("bad", StringComparison.Ordinal)
            ? wire.SendAsync("garbage\r\n\r\n")
            : wire.SendAsync(FakeNode.Ok));
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record);
        using var events = new YarpEvents();
        await GatewayUnderTest.UntilAsync(() => events.Counters.ContainsKey("requests-started") && events.Counters.ContainsKey("requests-failed"), "the counters are told");
        var (started, failed) = (events.Counters["requests-started"], events.Counters["requests-failed"]);

        for (var i = 0; i < Requests; i++)
            await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        Assert.Equal(502, (await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path + "bad", "{}"))).Status);
        // Answered here: nobody forwards it.
        await gateway.AskAsync(GatewayUnderTest.Get("/ping/"));

        await GatewayUnderTest.UntilAsync(() => events.Named("ForwarderStop").Length == Requests + 1, "every request has ended");
        Assert.Equal(Requests + 1, events.Named("ForwarderStart").Length);
        Assert.All(events.Named("ForwarderStart"), e => Assert.StartsWith($"http://127.0.0.1:{node.Port}", (string)e[0]!, StringComparison.Ordinal));
        Assert.Equal([.. Enumerable.Repeat(200, Requests), 502], events.Named("ForwarderStop").Select(e => (int)e[0]!));
        Assert.Single(events.Named("ForwarderFailed"));
        await GatewayUnderTest.UntilAsync(
            () => events.Counters["requests-started"] == started + Requests + 1 && events.Counters["requests-failed"] == failed + 1,
            "the counters say so");
    }

    private sealed class YarpEvents : EventListener
    {
        private readonly ConcurrentQueue<(string Name, object?[] Payload)> _events = new();

        public ConcurrentDictionary<string, double> Counters { get; } = new();

        public object?[][] Named(string name) => [.. _events.Where(e => e.Name == name).Select(e => e.Payload)];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Yarp.ReverseProxy")
            {
                EnableEvents(
                    eventSource, EventLevel.LogAlways, EventKeywords.All, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "0.2" });
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName != "EventCounters")
            {
                _events?.Enqueue((eventData.EventName!, [.. eventData.Payload!]));
            }
            else if (eventData.Payload![0] is IDictionary<string, object?> counter && counter.TryGetValue("Mean", out var value))
            {
                Counters?[(string)counter["Name"]!] = (double)value!;
            }
        }
    }
}
