using System.Collections.Concurrent;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Gateway.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Gateway.Tests.Pipeline;

/// <summary>What a user of the code adds to the pipeline (<see cref="GatewayExtensions"/>).</summary>
public sealed class ExtensionTests
{
    [Fact]
    public async Task Transforms_OfAUser_ApplyBesideTheExactOnes()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Proxy = static proxy => proxy.AddTransforms(static context =>
            {
                context.AddRequestHeader("X-Added", "request");
                context.AddResponseHeader("X-Added", "answer");
            }),
        });

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path + "?a=%2F", "X-Own: 1\r\n"));

        var request = Assert.Single(node.Requests);
        Assert.Equal("request", request.Header("X-Added"));
        Assert.Equal("1", request.Header("X-Own"));
        Assert.Equal("proxy.example", request.Header("Host"));
        Assert.Equal(GatewayUnderTest.Path + "?a=%2F", request.Target);
        Assert.Equal("answer", response.Header("X-Added"));
        Assert.Equal("ok", response.Text);
    }

    [Fact]
    public async Task Middleware_BehindTheGrant_SeesBaseAndOwner()
    {
        var seen = new ConcurrentQueue<(BaseId Base, Carriage Carriage, string Node, long Epoch)>();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                var target = context.Features.Get<ITargetFeature>()!;
                var grant = context.Features.Get<IGrantFeature>()!;
                seen.Enqueue((target.Target.BaseId, target.Carriage, grant.Node.Id, grant.Epoch));
                return next(context);
            }),
        });

        Assert.Equal("ok", (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Text);

        var epoch = gateway.Tables.Current.Table[GatewayUnderTest.Bucket].Epoch;
        Assert.Equal((GatewayUnderTest.BaseId, Carriage.Plain, node.Id, epoch), Assert.Single(seen));
    }

    [Fact]
    public async Task Middleware_AsksForServices_HasItsOwnScopeUntilTheRequestEnds()
    {
        var scopes = new ConcurrentQueue<Scoped>();
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Proxy = static proxy => proxy.Services.AddScoped<Scoped>(),
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                scopes.Enqueue(context.RequestServices.GetRequiredService<Scoped>());
                return next(context);
            }),
        });

        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));
        await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(2, scopes.Distinct().Count());
        foreach (var scope in scopes)
            await scope.Disposed.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Middleware_AnswersItself_NodeIsNotAskedAndNothingStaysInFlight()
    {
        await using var node = new FakeNode();
        await using var gateway = await GatewayUnderTest.StartAsync(node.Record, extensions: new GatewayExtensions
        {
            Pipeline = static pipeline => pipeline.Use(static (context, next) =>
            {
                if (!context.Request.Headers.ContainsKey("X-Stop"))
                    return next(context);
                context.Response.StatusCode = StatusCodes.Status418ImATeapot;
                return context.Response.WriteAsync("stopped");
            }),
        });

        var stopped = await gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}", "X-Stop: 1\r\n"));
        Assert.Equal((418, "stopped"), (stopped.Status, stopped.Text));
        Assert.Empty(node.Requests);
        Assert.Equal(0, gateway.Traffic.PlainRequests);
        gateway.Tables.Moving(GatewayUnderTest.Bucket, node.Record).Publish();
        await gateway.Traffic.WhenSilentAsync(GatewayUnderTest.Bucket, null).WaitAsync(BucketProxy.Testing.Patience.Limit);
        gateway.Tables.OpenAll(node.Record).Publish();

        Assert.Equal("ok", (await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path))).Text);
    }

    [Fact]
    public async Task Middleware_RequestIsHeldAndSentAgain_RunsOncePerAttempt()
    {
        var nodes = new ConcurrentQueue<string>();
        await using var node = new FakeNode(id: "dtable-server-02");
        var gone = Gone();
        await using var gateway = await GatewayUnderTest.StartAsync(gone, extensions: new GatewayExtensions
        {
            Pipeline = pipeline => pipeline.Use((context, next) =>
            {
                nodes.Enqueue(context.Features.Get<IGrantFeature>()!.Node.Id);
                return next(context);
            }),
        });

        var ask = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path, "{}"));
        await GatewayUnderTest.UntilAsync(() => !nodes.IsEmpty, "the first owner was tried");
        gateway.Tables.OpenAll(node.Record).Publish();

        Assert.Equal("ok", (await ask).Text);
        Assert.Equal(gone.Id, nodes.First());
        Assert.Equal([node.Id], nodes.SkipWhile(n => n == gone.Id));
        Assert.Single(node.Requests);
    }

    /// <summary>A node at whose address nobody listens.</summary>
    private static NodeRecord Gone() => new() { Id = "dtable-server-01", LocalUrl = new Uri("http://127.0.0.1:1"), LocalUrlText = "http://127.0.0.1:1" };

    private sealed class Scoped : IDisposable
    {
        public TaskCompletionSource Disposed { get; } = new();

        public void Dispose() => Disposed.TrySetResult();
    }
}
