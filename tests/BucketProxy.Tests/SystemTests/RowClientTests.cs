using System.Net;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Tests.SystemTests;

public sealed class RowClientTests
{
    private const string Uuid = "5de4a3a0-0b70-4d07-8f28-9a6b5a1f9d11";

    [Fact]
    public async Task Append_TheOnlyReadyProxyRefusesTheConnection_IsSentOnceWhenItIsBack()
    {
        var proxy = new KilledProxy(backAfter: 3);
        var outcomes = new Outcomes();
        await using (proxy)
        await using (var watch = new ReadinessWatch([proxy]))
        using (var client = new RowClient(watch, outcomes))
            Assert.True(await client.AppendAsync(Uuid, "row", 0));

        Assert.Equal(1, proxy.Requests);
        Assert.Empty(outcomes.Judge().Failed);
    }

    [Fact]
    public async Task Append_AProxyThatSaysItIsReadyRefusesForEver_Fails()
    {
        var proxy = new KilledProxy(backAfter: int.MaxValue);
        var outcomes = new Outcomes();
        await using (proxy)
        await using (var watch = new ReadinessWatch([proxy], TimeSpan.FromSeconds(5)))
        using (var client = new RowClient(watch, outcomes))
            Assert.False(await client.AppendAsync(Uuid, "row", 0).WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System));

        Assert.Contains("at proxy-1 after", Assert.Single(outcomes.Judge().Failed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_AProxyThatHasNotAnsweredYet_GetsNothing()
    {
        var proxy = new SlowProxy();
        await using var watch = new ReadinessWatch([proxy]);
        var wasAway = proxy.IsAway;

        proxy.Answer.SetResult(true);

        Assert.True(wasAway);
        Assert.Same(proxy, Assert.Single(await watch.ReadyAsync()));
    }

    /// <summary>Says whether it is ready once it is told to.</summary>
    private sealed class SlowProxy : IEntrance
    {
        public TaskCompletionSource<bool> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "proxy-1";

        public string Authority => "127.0.0.1:1";

        public bool IsAway { get; set; }

        public Task<bool> IsReadyAsync(HttpClient http) => Answer.Task;
    }

    /// <summary>Says always that it is ready; its port is closed until it was asked so often.</summary>
    private sealed class KilledProxy(int backAfter) : IEntrance, IAsyncDisposable
    {
        private readonly int _port = FreePort.Next();
        private WebApplication? _server;
        private int _asked;

        public string Name => "proxy-1";

        public string Authority => $"127.0.0.1:{_port}";

        public bool IsAway { get; set; }

        public int Requests { get; private set; }

        public async Task<bool> IsReadyAsync(HttpClient http)
        {
            if (++_asked == backAfter)
            {
                var builder = WebApplication.CreateSlimBuilder();
                builder.Logging.ClearProviders();
                builder.WebHost.UseKestrel(options => options.Listen(IPAddress.Loopback, _port));
                _server = builder.Build();
                _server.Run(context =>
                {
                    Requests++;
                    return context.Response.WriteAsync("{}");
                });
                await _server.StartAsync();
            }
            return true;
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
                await _server.DisposeAsync();
        }
    }
}
