using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using BucketProxy.Commands;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Loading;
using BucketProxy.Configuration.Sources;
using BucketProxy.Configuration.Values;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Deployment;

/// <summary>The compose file that takes the place of the manual's proxy, and the manual's own checks of it: with real processes, but for the containers.</summary>
public sealed class DropInTests : IAsyncLifetime
{
    // One by its first digit for each server, and the one that the manual sends to the second by hand.
    private const string OfLetters = "a1b2c3d4-0000-4000-8000-000000000001";
    private const string OfDigits = "01b2c3d4-0000-4000-8000-000000000001";
    private const string ByHand = "ff84e1a1-66e2-4000-8000-000000000001";

    private static readonly JsonElement Compose = Assert.Single(Yaml.Read(Repository.File("config", "docker-compose.dtable-web.yml")));
    private static readonly JsonElement Service = Compose.At("services", "dtable-server-proxy");

    private readonly TemporaryDirectory _directory = new();
    private readonly List<ChildProcess> _processes = [];
    private readonly HttpListener _web = new();
    private readonly int _webPort = FreePort.Next();

    public Task InitializeAsync()
    {
        _web.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_webPort}/"));
        _web.Start();
        _ = AnswerAsync();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _web.Close();
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public void Compose_TakesThePlaceOfTheManualsProxy()
    {
        Assert.Equal("dtable-server-proxy", Assert.Single(Compose.At("services").EnumerateObject()).Name);
        Assert.Equal("dtable-server-proxy", Service.At("container_name").GetString());
        Assert.Equal(["5000:5000"], Service.At("ports").Texts());
        // Every server that the manual's two files name.
        var hosts = Service.At("extra_hosts").Texts().Select(h => h.Split(':')[0]).ToArray();
        Assert.Superset(new HashSet<string> { "dtable-server", "dtable-server-2" }, hosts.ToHashSet());
        Assert.Equal("frontend-net", Compose.At("networks", Assert.Single(Service.At("networks").Texts()), "name").GetString());
        Assert.Equal(("json-file", "10m", "3"), (Service.At("logging", "driver").GetString(), Service.At("logging", "options", "max-size").ToString(), Service.At("logging", "options", "max-file").ToString()));
        Assert.Equal("true", Service.At("read_only").ToString(), ignoreCase: true);
        Assert.True(Duration.TryParse(Service.At("environment", "BUCKETPROXY_DATA__DRAIN_LIMIT").GetString()!, out var limit));
        Assert.True(Duration.TryParse(Service.At("stop_grace_period").GetString()!, out var given));
        Assert.True(given > new DataSettings().DrainGrace + limit);
    }

    [Fact]
    public void Compose_FitsTheImage()
    {
        var image = File.ReadAllText(Repository.File("Dockerfile"));
        Assert.Contains("CMD [\"" + string.Join("\", \"", Service.At("healthcheck", "test").Texts()[1..]) + "\"]", image, StringComparison.Ordinal);
        // The configuration is mounted where it is looked for, and the data directory is the image's.
        var (config, data) = (Service.At("volumes").Texts()[0].Split(':'), Service.At("volumes").Texts()[1].Split(':'));
        Assert.Equal(["./bucketproxy.json", Service.At("environment", "BUCKETPROXY_CONFIG").GetString()!, "ro"], config);
        Assert.Contains($"BUCKETPROXY_DATA_DIRECTORY={data[1]} ", image, StringComparison.Ordinal);
        Assert.True(Compose.At("volumes").TryGetProperty(data[0], out _));
    }

    [Theory]
    [InlineData(Manuals.Nginx)]
    [InlineData(Manuals.Caddy)]
    public async Task VerifySetup_TheImportedSplit_PassesTheManualsChecks(string manual)
    {
        var proxy = await StartAsync(manual, exchanged: false);

        var (exit, output) = await VerifyAsync(proxy);

        Assert.True(exit == 0, output + _processes[^1].Output);
        Assert.Contains($"ok   http://127.0.0.1:{_webPort}/api2/ping/ answers pong", output, StringComparison.Ordinal);
        Assert.Contains($"ok   {OfLetters} leaves its entry at dtable-server, and nowhere else", output, StringComparison.Ordinal);
        Assert.Contains($"ok   {OfDigits} leaves its entry at dtable-server-2, and nowhere else", output, StringComparison.Ordinal);
        Assert.Contains($"ok   {ByHand} leaves its entry at dtable-server-2, and nowhere else", output, StringComparison.Ordinal);
    }

    // The checks can fail: the two addresses are exchanged, and each base is opened at the other server.
    [Fact]
    public async Task VerifySetup_AddressesExchanged_NamesEachBaseAndWhereItIs()
    {
        var proxy = await StartAsync(Manuals.Nginx, exchanged: true);

        var (exit, output) = await VerifyAsync(proxy);

        Assert.Equal(1, exit);
        Assert.Contains($"FAIL {OfLetters} leaves entries at dtable-server-2, and should at dtable-server alone", output, StringComparison.Ordinal);
        Assert.Contains($"FAIL {OfDigits} leaves entries at dtable-server, and should at dtable-server-2 alone", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifySetup_NothingListens_FailsEachCheck()
    {
        await File.WriteAllTextAsync(Journal("dtable-server"), "");
        await File.WriteAllTextAsync(Journal("dtable-server-2"), "");

        var (exit, output) = await VerifyAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}"));

        Assert.Equal(1, exit);
        Assert.Contains("/ping/ answers 'curl: (7)", output, StringComparison.Ordinal);
        Assert.Contains($"FAIL {OfLetters} is not opened: status 000", output, StringComparison.Ordinal);
    }

    private string Journal(string server) => _directory.Combine(server + ".log");

    // What the container would have: the image's variables and the service's, with the folders of this test in place of the mounted ones, and the addresses that extra_hosts give.
    private async Task<string> StartAsync(string manual, bool exchanged)
    {
        var (conf, made) = (_directory.Combine("proxy.conf"), _directory.Combine("bucketproxy.json"));
        await File.WriteAllTextAsync(conf, manual);
        var import = await Commands.CommandRun.Of("import", conf);
        Assert.Equal(ExitCode.Done, import.ExitCode);
        await File.WriteAllTextAsync(made, import.Output);
        string[] names = ["dtable-server", "dtable-server-2"];
        var urls = new Dictionary<string, string>();
        foreach (var name in names)
        {
            var server = ChildProcess.StartBucketProxy(name, "emulator", "--id", name, "--port", "0", "--storage", _directory.Combine("storage"), "--journal", Journal(name));
            _processes.Add(server);
            urls[name] = (await server.LineAsync($"{name} listens on ")).Split(',')[0];
        }
        var loaded = SettingsLoader.Load([FileLayer.Parse(made, import.Output, [])!]);
        Assert.Empty(loaded.Errors);
        var listen = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        var variables = Service.At("environment").EnumerateObject().ToDictionary(v => v.Name, v => v.Value.ToString());
        variables["BUCKETPROXY_CONFIG"] = made;
        variables["BUCKETPROXY_DATA_DIRECTORY"] = _directory.Combine("state");
        variables["BUCKETPROXY_DATA__LISTEN"] = listen;
        variables["BUCKETPROXY_ADMIN__LISTEN"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
        foreach (var (i, node) in loaded.Settings.Nodes.Index())
        {
            var name = node.LocalNodeUrl!.Host;
            variables[$"BUCKETPROXY_NODES__{i}__ID"] = node.Id!;
            variables[$"BUCKETPROXY_NODES__{i}__LOCAL_NODE_URL"] = urls[exchanged ? names.Single(n => n != name) : name];
        }
        var proxy = ChildProcess.Start("proxy",
            ["env", .. variables.Select(v => $"{v.Key}={v.Value}"), "dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), .. Service.At("command").Texts()]);
        _processes.Add(proxy);
        await proxy.LineAsync("instance ");
        // Until the buckets have their first owners: an operator takes longer to the next command.
        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(Patience.Limit * 4, TimeProvider.System);
        while (true)
        {
            using var answer = await client.GetAsync(new Uri($"http://{listen}/ping/"), limit.Token);
            if (answer.IsSuccessStatusCode)
                return listen;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    private async Task<(int Exit, string Output)> VerifyAsync(string proxy)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            Repository.File("config", "verify-setup.sh"), "--proxy", $"http://{proxy}/", "--web", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_webPort}"),
            "--log", $"dtable-server=cat {Journal("dtable-server")}", "--log", $"dtable-server-2=cat {Journal("dtable-server-2")}",
            "--base", $"{OfLetters}=dtable-server", "--base", $"{OfDigits}=dtable-server-2", "--base", $"{ByHand}=dtable-server-2",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var script = Process.Start(start)!;
        var (output, error) = (script.StandardOutput.ReadToEndAsync(), script.StandardError.ReadToEndAsync());
        await script.WaitForExitAsync().WaitAsync(Patience.Limit * 4);
        return (script.ExitCode, await output + await error);
    }

    // As dtable-web answers: in JSON.
    private async Task AnswerAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _web.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // The test is over.
            }
            context.Response.StatusCode = context.Request.Url!.AbsolutePath == "/api2/ping/" ? 200 : 404;
            context.Response.Close(context.Response.StatusCode == 200 ? "\"pong\""u8.ToArray() : [], willBlock: false);
        }
    }
}
