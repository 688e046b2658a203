using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Commands;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Hosting;

/// <summary><c>serve</c> as a real process: what a service manager, signals and a framework's settings do to it.</summary>
public sealed class ServiceTests
{
    private const string Embedded = """
        { "store": "embedded", "data": { "listen": "127.0.0.1:0", "drainGrace": "0s" }, "admin": { "listen": "127.0.0.1:0" },
          "nodes": [ { "id": "dtable-server-01", "local_node_url": "http://127.0.0.1:1" } ] }
        """;

    private const string StoreAway = """
        { "store": "etcd", "etcd": { "endpoints": ["http://127.0.0.1:1"] }, "data": { "listen": "127.0.0.1:0", "drainGrace": "0s" }, "admin": { "listen": "127.0.0.1:0" } }
        """;

    [Fact]
    public async Task Serve_ServiceManagerListens_HearsReadyOnceItIsAndStopping()
    {
        using var manager = new Manager();
        await using var serve = await StartAsync(manager.Folder, Embedded, $"NOTIFY_SOCKET={manager.Address}", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment=of-tests");

        await manager.HearsAsync("READY=1");
        using var client = new HttpClient();
        using var ready = await client.GetAsync(new Uri(await serve.LineAsync("operators' port: ") + "/health/ready"));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.DoesNotContain("STOPPING=1", manager.Heard);
        // What no setting of ours covers is OpenTelemetry's own to read.
        Assert.Contains("deployment_environment=\"of-tests\"", await client.GetStringAsync(new Uri(await serve.LineAsync("operators' port: ") + "/metrics")), StringComparison.Ordinal);

        await serve.SignalAsync("TERM");
        await manager.HearsAsync("STOPPING=1");
        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.Single(manager.Heard, "READY=1");
    }

    [Fact]
    public async Task Serve_StoreIsAway_TheServiceManagerHearsWhyAndNotThatItIsReady()
    {
        using var manager = new Manager();
        await using var serve = await StartAsync(manager.Folder, StoreAway, $"NOTIFY_SOCKET={manager.Address}");
        await serve.LineAsync("instance ");

        await manager.HearsAsync("STATUS=not ready: no routing table yet");

        await serve.SignalAsync("TERM");
        await manager.HearsAsync("STOPPING=1");
        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.DoesNotContain("READY=1", manager.Heard);
    }

    [Fact]
    public async Task Serve_ServiceManagerWatches_HearsThatItIsAliveAlsoWhileItIsNotReady()
    {
        using var manager = new Manager();
        await using var serve = await StartAsync(manager.Folder, StoreAway, $"NOTIFY_SOCKET={manager.Address}", "WATCHDOG_USEC=400000");

        for (var alive = 1; alive <= 3; alive++)
            await manager.HearsAsync("WATCHDOG=1", times: alive);

        await serve.SignalAsync("TERM");
        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.DoesNotContain("READY=1", manager.Heard);
    }

    [Fact]
    public async Task Serve_DrainsLongerThanTheServiceManagerWaits_IsAliveAllTheSame()
    {
        using var manager = new Manager();
        var settings = Embedded.Replace("\"drainGrace\": \"0s\"", "\"drainGrace\": \"100s\"", StringComparison.Ordinal);
        await using var serve = await StartAsync(manager.Folder, settings, $"NOTIFY_SOCKET={manager.Address}", "WATCHDOG_USEC=400000");
        await manager.HearsAsync("READY=1");

        await serve.SignalAsync("TERM");
        await manager.HearsAsync("STOPPING=1");
        await serve.LineAsync("stopping: ");
        var before = manager.Heard.Count(h => h == "WATCHDOG=1");

        await manager.HearsAsync("WATCHDOG=1", times: before + 10);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("QUIT")]
    public async Task Serve_ToldToStopTwice_DrainsAndEndsWell(string signal)
    {
        using var folder = new TemporaryDirectory();
        await using var serve = await StartAsync(folder, Embedded);
        await serve.LineAsync("instance ");

        await serve.SignalAsync(signal);
        await serve.LineAsync("stopping: ");
        await serve.SignalAsync(signal);

        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.EndsWith("\nstopped\n", serve.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Application", serve.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_HangUp_GoesOnAlsoWhileItStops()
    {
        using var folder = new TemporaryDirectory();
        await using var serve = await StartAsync(folder, Embedded);
        var data = await serve.LineAsync("data port: ");
        await serve.LineAsync("instance ");

        await serve.SignalAsync("HUP");
        await serve.LineAsync("SIGHUP is ignored");
        using var client = new HttpClient();
        // No node is there; that it answers is enough.
        using var answer = await client.GetAsync(new Uri(data + "/ping/"));
        await serve.SignalAsync("TERM");
        await serve.LineAsync("stopping: ");
        await serve.SignalAsync("HUP");

        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.Contains("\nstopped\n", serve.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_SettingsOfTheFramework_ChangeNothing()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.Combine("appsettings.json"), """
            { "urls": "http://127.0.0.1:1", "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:1" } }, "Limits": { "MaxRequestBodySize": 1 } },
              "Logging": { "LogLevel": { "Default": "None" }, "Console": { "LogLevel": { "Default": "None" } } }, "HostOptions": { "ShutdownTimeout": "00:00:00" } }
            """);
        File.Copy(folder.Combine("appsettings.json"), folder.Combine("appsettings.Development.json"));
        await using var serve = await StartAsync(folder, Embedded,
            "ASPNETCORE_URLS=http://127.0.0.1:1", "DOTNET_URLS=http://127.0.0.1:1", "ASPNETCORE_HTTP_PORTS=1", "ASPNETCORE_ENVIRONMENT=Development",
            "DOTNET_ENVIRONMENT=Development", "Kestrel__Endpoints__Http__Url=http://127.0.0.1:1", "ASPNETCORE_Kestrel__Limits__MaxRequestBodySize=1",
            "Logging__LogLevel__Default=None", "DOTNET_SHUTDOWNTIMEOUTSECONDS=0", "ASPNETCORE_PREVENTHOSTINGSTARTUP=false", "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES=nothing");

        var addresses = new[] { await serve.LineAsync("data port: "), await serve.LineAsync("operators' port: ") };
        await serve.LineAsync("instance ");
        Assert.All(addresses, a => Assert.Matches(@"^http://127\.0\.0\.1:\d{2,}$", a));
        using var client = new HttpClient();
        // More bytes than the framework's settings allow.
        using var body = new StringContent("{ \"weight\": 1 }", Encoding.UTF8, "application/json");
        using var order = await client.PutAsync(new Uri(addresses[1] + "/api/nodes/none/weight"), body);
        Assert.NotEqual(HttpStatusCode.RequestEntityTooLarge, order.StatusCode);

        await serve.SignalAsync("TERM");
        Assert.Equal(ExitCode.Done, await serve.ExitAsync(Patience.Limit));
        Assert.Contains("Data port open on ", serve.Output, StringComparison.Ordinal);
        Assert.Contains("Data port closed", serve.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("admin.listen", "TAKEN", null)]
    [InlineData("data.listen", "TAKEN", null)]
    [InlineData("data.listen", "TAKEN", "data.inlineScheduling=off")]
    [InlineData("admin.listen", "ANY", null)]
    [InlineData("data.listen", "ANY", null)]
    [InlineData("admin.listen", "192.0.2.1:0", null)]
    [InlineData("data.listen", "192.0.2.1:0", null)]
    [InlineData("data.listen", "192.0.2.1:0", "data.inlineScheduling=off")]
    [InlineData("dataDirectory", "/proc/no/such", null)]
    [InlineData("dataDirectory", "/dev/null", null)]
    [InlineData("admin.listen", "TAKEN", "logging.format=json")]
    [InlineData("admin.listen", "TAKEN", "logging.level=debug")]
    public async Task Serve_CannotBeStarted_SaysWhyInOneLine(string key, string value, string? more)
    {
        using var taken = new TcpListener(value == "ANY" ? IPAddress.IPv6Any : IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var folder = new TemporaryDirectory();
        var given = value switch { "TAKEN" => $"127.0.0.1:{port}", "ANY" => $"*:{port}", _ => value };
        await using var serve = await StartAsync(folder, Embedded, [], [$"{key}={given}", .. more is null ? Array.Empty<string>() : [more]]);

        Assert.Equal(ExitCode.Failed, await serve.ExitAsync(Patience.Limit));
        var lines = serve.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // Not by their order: the log and this line come on two outputs.
        Assert.Single(lines, l => l.StartsWith("It cannot be started: ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("Exception", StringComparison.Ordinal) || l.Contains("   at ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.StartsWith("fail:", StringComparison.Ordinal) || l.StartsWith("crit:", StringComparison.Ordinal));
    }

    private static Task<ChildProcess> StartAsync(TemporaryDirectory folder, string settings, params string[] variables) =>
        StartAsync(folder, settings, variables, []);

    private static async Task<ChildProcess> StartAsync(TemporaryDirectory folder, string settings, string[] variables, string[] set)
    {
        var file = folder.Combine("config.json");
        await File.WriteAllTextAsync(file, settings);
        return ChildProcess.Start(
            "serve",
            // A shell that is no terminal's starts what is in its background without ears for the first two, nohup for the third.
            ["env", "--default-signal=INT,QUIT,HUP", .. variables, "dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), "serve", "--config", file, .. set.Any(s => s.StartsWith("dataDirectory=", StringComparison.Ordinal)) ? Array.Empty<string>() : ["--set", $"dataDirectory={folder.Combine("data")}"], .. set.SelectMany(s => new[] { "--set", s })],
            folder.Path);
    }

    /// <summary>A service manager that listens.</summary>
    private sealed class Manager : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly byte[] _buffer = new byte[4096];

        public Manager() => _socket.Bind(new UnixDomainSocketEndPoint(Address));

        public TemporaryDirectory Folder { get; } = new();

        public string Address => Folder.Combine("notify");

        public List<string> Heard { get; } = [];

        /// <summary>Completes when something was heard that begins so, as often.</summary>
        public async Task HearsAsync(string beginning, int times = 1)
        {
            using var patience = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
            while (Heard.Count(h => h.StartsWith(beginning, StringComparison.Ordinal)) < times)
                Heard.Add(Encoding.UTF8.GetString(_buffer, 0, await _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, patience.Token)));
        }

        public void Dispose()
        {
            _socket.Dispose();
            Folder.Dispose();
        }
    }
}
