using System.Collections.Concurrent;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Tests.Destinations;

/// <summary>What an application may do with the connections of a cluster.</summary>
public sealed class DirectHttpClientTests : IAsyncLifetime
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly DirectHttpClient _client = new(new DirectHttpClientOptions(), TimeProvider.System);
    private readonly ConcurrentQueue<TaskCompletionSource> _held = new();
    private RawServer _server = null!;
    private ProxyApp _app = null!;

    private string Prefix => $"http://127.0.0.1:{_server.Port}/";

    public async Task InitializeAsync()
    {
        _server = new RawServer(async (got, wire) =>
        {
            if (got.Target == "/held")
            {
                var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _held.Enqueue(held);
                await held.Task;
            }
            await wire.SendAsync(RawServer.Ok);
        });
        _app = await ProxyApp.StartAsync(_server.Port, new ProxySetup
        {
            Proxy = p => p.Services.AddSingleton<IForwarderHttpClientFactory>(new Given(_client)),
        });
    }

    public async Task DisposeAsync()
    {
        foreach (var held in _held)
            held.TrySetResult();
        await _app.DisposeAsync();
        await _server.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task OpenConnections_OneForEachRequestAtATime()
    {
        Assert.Equal(0, _client.OpenConnections(Prefix));
        await AskAsync(Get);
        Assert.Equal(1, _client.OpenConnections(Prefix));
        await AskAsync(Get);
        Assert.Equal(1, _client.OpenConnections(Prefix));
        Assert.Equal(0, _client.OpenConnections("http://other/"));
        Assert.Equal(1, _server.Connections);
    }

    [Fact]
    public async Task Shut_ClosesEverythingAtOnce_AndNothingConnectsUntilOpen()
    {
        await AskAsync(Get);
        // No GET, which would go once more from a connection that was used before.
        var held = AskAsync("DELETE /held HTTP/1.1\r\nHost: a\r\n\r\n");
        await Patience.UntilAsync(() => !_held.IsEmpty, "the request is held");

        _client.Shut();

        Assert.Equal(502, (await held.Within()).Status);
        Assert.Equal(0, _client.OpenConnections(Prefix));
        Assert.Equal(502, (await AskAsync(Get)).Status);
        Assert.Equal([typeof(ObjectDisposedException), typeof(DestinationUnreachableException)], _app.Errors.Select(e => e.Exception!.GetType()));
        Assert.Equal(2, _server.Requests.Count);

        _client.Open();
        Assert.Equal(200, (await AskAsync(Get)).Status);
    }

    [Fact]
    public async Task Forget_IdleIsClosedNow_BusyWhenItsRequestIsOver()
    {
        var held = AskAsync(Get.Replace("/a", "/held", StringComparison.Ordinal));
        await Patience.UntilAsync(() => !_held.IsEmpty, "the request is held");
        await AskAsync(Get);
        Assert.Equal(2, _client.OpenConnections(Prefix));

        _client.Forget(Prefix);

        Assert.Equal(1, _client.OpenConnections(Prefix));
        _held.First().SetResult();
        Assert.Equal(200, (await held.Within()).Status);
        await Patience.UntilAsync(() => _client.OpenConnections(Prefix) == 0, "the busy one is closed");
        // Anew.
        Assert.Equal(200, (await AskAsync(Get)).Status);
        Assert.Equal(1, _client.OpenConnections(Prefix));
    }

    [Fact]
    public async Task Dispose_IdleIsClosed_RequestsAreServedStill()
    {
        await AskAsync(Get);

        _client.Dispose();

        Assert.Equal(0, _client.OpenConnections(Prefix));
        Assert.Equal(200, (await AskAsync(Get)).Status);
        await Patience.UntilAsync(() => _client.OpenConnections(Prefix) == 0, "nothing is kept");
    }

    private async Task<RawResponse> AskAsync(string request)
    {
        await using var client = await RawClient.ConnectAsync(_app.Port);
        return await client.AskAsync(request);
    }

    private sealed class Given(DirectHttpClient client) : IForwarderHttpClientFactory
    {
        public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) => client;
    }
}
