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
public sealed class WatchdogTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    private readonly TcpListener _port = new(IPAddress.Loopback, 0);
    private readonly FakeTimeProvider _time = new();
    private readonly Systemd _systemd = new();
    private readonly Watchdog _watchdog;

    public WatchdogTests()
    {
        _port.Start();
        _watchdog = new Watchdog(_systemd, () => new Uri($"http://{_port.LocalEndpoint}"), Limit, _time);
    }

    public void Dispose()
    {
        _watchdog.Dispose();
        _port.Dispose();
    }

    [Fact]
    public async Task Port_TakesConnectionsAndDoesNotAnswer_IsNotFedUntilItDoes()
    {
        await _watchdog.StartAsync(CancellationToken.None);

        for (var asked = 0; asked < 4; asked++)
        {
            using var mute = await AcceptAsync();
            Assert.Equal(0, _systemd.Fed);
        }
        using (var answering = await AcceptAsync())
            await answering.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        await Patience.UntilAsync(() => _systemd.Fed == 1, "the word that it is alive");

        await _watchdog.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Port_AnswersThatItHangs_IsNotFed()
    {
        await _watchdog.StartAsync(CancellationToken.None);

        for (var asked = 0; asked < 2; asked++)
        {
            using var failing = await AcceptAsync();
            await failing.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }

        using var next = await AcceptAsync();
        Assert.Equal(0, _systemd.Fed);
        await _watchdog.StopAsync(CancellationToken.None);
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
    private async Task<Socket> AcceptAsync()
    {
        var accepting = _port.AcceptSocketAsync();
        await Patience.UntilAsync(
            () =>
            {
                if (!accepting.IsCompleted)
                    _time.Advance(Limit / 8);
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
