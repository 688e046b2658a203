using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>YARP's event source tells of the requests of this forwarder what it tells of YARP's own.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public void EveryMethodIsBound() => Assert.True(YarpTelemetry.IsComplete);

    [Fact]
    public async Task Events_StartFailedStop_AndTheFigures()
    {
        using var listener = new Listener();
        await using var server = new RawServer(static (got, wire) => got.Target == "/broken" ? throw new EndOfStreamException() : wire.SendAsync(RawServer.Ok));
        await using var app = await ProxyApp.StartAsync(server.Port);
        await using var client = await RawClient.ConnectAsync(app.Port);

        await client.AskAsync("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        await client.AskAsync("POST /broken HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");

        // Other tests' requests are told of too: these are known by their destination.
        var prefix = $"http://127.0.0.1:{server.Port}/";
        await Patience.UntilAsync(() => listener.Starts.Count(p => p == prefix) == 2, "both starts are told");
        await Patience.UntilAsync(() => listener.Stops.Contains(200) && listener.Stops.Contains(502), "both stops are told");
        await Patience.UntilAsync(() => listener.Failures.Contains("Request"), "the failure is told");
        await Patience.UntilAsync(() => listener.Counters.TryGetValue("requests-started", out var started) && started >= 2, "requests-started counts");
        await Patience.UntilAsync(() => listener.Counters.TryGetValue("requests-failed", out var failed) && failed >= 1, "requests-failed counts");
        await Patience.UntilAsync(() => listener.Counters.ContainsKey("current-requests"), "current-requests is told");
    }

    [Theory]
    [InlineData("/answered", 597)]
    [InlineData("/forwarded", 219)]
    public async Task Stop_WithATransformOfTheApplication_ToldOnce(string path, int status)
    {
        using var listener = new Listener();
        await using var server = new RawServer();
        await using var app = await ProxyApp.StartAsync(server.Port, new ProxySetup
        {
            Proxy = proxy => proxy.AddTransforms(context =>
            {
                context.AddRequestTransform(request =>
                {
                    if (path == "/answered")
                        request.HttpContext.Response.StatusCode = status;
                    return ValueTask.CompletedTask;
                });
                context.AddResponseTransform(response =>
                {
                    response.HttpContext.Response.StatusCode = status;
                    return ValueTask.CompletedTask;
                });
            }),
        });
        await using var client = await RawClient.ConnectAsync(app.Port);

        Assert.Equal(status, (await client.AskAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        await Patience.UntilAsync(() => listener.Stops.Contains(status), "the stop is told");
        Assert.Equal(path == "/answered" ? 0 : 1, server.Requests.Count);
        Assert.Single(listener.Stops, s => s == status);
    }

    private sealed class Listener : EventListener
    {
        public ConcurrentQueue<string> Starts { get; } = new();

        public ConcurrentQueue<int> Stops { get; } = new();

        public ConcurrentQueue<string> Failures { get; } = new();

        public ConcurrentDictionary<string, double> Counters { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Yarp.ReverseProxy")
                EnableEvents(eventSource, EventLevel.LogAlways, EventKeywords.All, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "0.1" });
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            switch (eventData.EventName)
            {
                case "ForwarderStart":
                    Starts.Enqueue((string)eventData.Payload![0]!);
                    break;
                case "ForwarderStop":
                    Stops.Enqueue((int)eventData.Payload![0]!);
                    break;
                case "ForwarderFailed":
                    Failures.Enqueue(((Yarp.ReverseProxy.Forwarder.ForwarderError)Convert.ToInt32(eventData.Payload![0], CultureInfo.InvariantCulture)).ToString());
                    break;
                case "EventCounters" when eventData.Payload![0] is IDictionary<string, object?> counter:
                    var figure = counter.TryGetValue("Mean", out var mean) ? mean : counter["Increment"];
                    Counters[(string)counter["Name"]!] = Convert.ToDouble(figure, CultureInfo.InvariantCulture);
                    break;
            }
        }
    }
}
