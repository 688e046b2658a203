using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Composition;
using BucketProxy.Testing;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Tests.Hosting;

/// <summary>When systemd's watchdog is fed, and when not.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Port_TakesConnectionsAndDoesNotAnswer_IsNotFedUntilItDoes()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var time = new FakeTimeProvider();
        var systemd = new Systemd();
        using var watchdog = new Watchdog(systemd, () => new Uri($"http://{listener.LocalEndpoint}"), Limit, time);
        await watchdog.StartAsync(CancellationToken.None);

        for (var asked = 0; asked < 4; asked++)
        {
            using var mute = await AcceptAsync(listener, time);
            Assert.Equal(0, systemd.Fed);
        }
        using (var answering = await AcceptAsync(listener, time))
            await answering.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        await Patience.UntilAsync(() => systemd.Fed == 1, "the word that it is alive");

        await watchdog.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Port_AnswersThatItHangs_IsNotFed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var time = new FakeTimeProvider();
        var systemd = new Systemd();
        using var watchdog = new Watchdog(systemd, () => new Uri($"http://{listener.LocalEndpoint}"), Limit, time);
        await watchdog.StartAsync(CancellationToken.None);

        for (var asked = 0; asked < 2; asked++)
        {
            using var failing = await AcceptAsync(listener, time);
            await failing.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }

        using var next = await AcceptAsync(listener, time);
        Assert.Equal(0, systemd.Fed);
        await watchdog.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("30000000", null, 30)]
    [InlineData("30000000", "7", 30)]
    [InlineData("30000000", "8", null)]
    [InlineData("0", null, null)]
    [InlineData("-1", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, "7", null)]
    public void Limit_IsWhatSystemdSaysToThisProcess(string? microseconds, string? process, int? seconds)
    {
        var variables = new Hashtable();
        if (microseconds is not null)
            variables["WATCHDOG_USEC"] = microseconds;
        if (process is not null)
            variables["WATCHDOG_PID"] = process;

        Assert.Equal(seconds, (int?)Watchdog.Limit(variables, 7)?.TotalSeconds);
    }

    /// <summary>The next connection; the clock goes on until it is there.</summary>
    private static async Task<Socket> AcceptAsync(TcpListener listener, FakeTimeProvider time)
    {
        var accepting = listener.AcceptSocketAsync();
        await Patience.UntilAsync(
            () =>
            {
                if (!accepting.IsCompleted)
                    time.Advance(Limit / 8);
                return accepting.IsCompleted;
            },
            "another question");
        return await accepting;
    }

    private sealed class Systemd : ISystemdNotifier
    {
        private int _fed;

        public bool IsEnabled => true;

        public int Fed => Volatile.Read(ref _fed);

        public void Notify(ServiceState state)
        {
            Assert.Equal("WATCHDOG=1", state.ToString());
            Interlocked.Increment(ref _fed);
        }
    }
}
