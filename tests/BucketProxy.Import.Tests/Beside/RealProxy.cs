using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>The real nginx or Caddy of this machine, with a configuration.</summary>
internal sealed class RealProxy : IAsyncDisposable
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };
    private static readonly Dictionary<string, string> NoFiles = [];

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 8, AllowAutoRedirect = false });
    private readonly string _address;
    private ChildProcess? _process;

    private RealProxy(int port) => _address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <summary>Where its configuration lies, with the files that this includes.</summary>
    public string Folder => _directory.Path;

    /// <summary>Starts nginx. The configuration listens on port 5000; it gets a free one.</summary>
    public static Task<RealProxy> StartNginxAsync(string configuration) => StartedAsync(FromManual(configuration, StartNginxAsync));

    /// <summary>Starts Caddy. The configuration listens on port 5000; it gets a free one, and its options give way to one.</summary>
    // The option is of a newer Caddy than Debian's.
    public static Task<RealProxy> StartCaddyAsync(string configuration) =>
        StartedAsync(FromManual(configuration.Replace("{\n    metrics\n}", "{\n    admin off\n}", StringComparison.Ordinal), StartCaddyAsync));

    /// <summary>Starts nginx with a configuration that listens on a port.</summary>
    /// <returns>Null: nginx refuses it.</returns>
    public static Task<RealProxy?> StartNginxAsync(string configuration, int port, IReadOnlyDictionary<string, string> files) => StartAsync(port, files, folder =>
    {
        var temporary = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind}; "));
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, $"pid {folder}/nginx.pid;\n" + configuration.Replace("http {", $"http {{ {temporary}", StringComparison.Ordinal));
        // One process, which is gone when it is killed.
        return [NginxShell.Find() ?? throw new InvalidOperationException("There is no nginx; tests/run.sh installs it."), "-e", "stderr", "-p", folder, "-c", file, "-g", "daemon off; master_process off;"];
    });

    /// <summary>Starts Caddy with a configuration that listens on a port.</summary>
    /// <returns>Null: Caddy refuses it.</returns>
    public static Task<RealProxy?> StartCaddyAsync(string configuration, int port, IReadOnlyDictionary<string, string> files) => StartAsync(port, files, folder =>
    {
        var file = Path.Combine(folder, "Caddyfile");
        File.WriteAllText(file, configuration);
        return ["env", $"HOME={folder}", $"XDG_DATA_HOME={folder}", $"XDG_CONFIG_HOME={folder}", "caddy", "run", "--config", file, "--adapter", "caddyfile"];
    });

    /// <summary>What a server behind it, or it, answers.</summary>
    public async Task<string> AskAsync(string target)
    {
        var (status, body, _) = await RequestAsync(target);
        return status is >= 200 and < 300 ? body : status.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What a server behind it, or it, answers, and the target that the server got; null: it answered by itself.</summary>
    public async Task<(int Status, string Body, string? Seen)> RequestAsync(string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_address + target, AsItIs));
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request);
        }
        catch (HttpRequestException)
        {
            // nginx's 444 is no answer at all.
            return (444, "", null);
        }
        using (answer)
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.TryGetValues(TestServers.Seen, out var seen) ? seen.Single() : null);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
        _directory.Dispose();
    }

    private static Task<RealProxy?> FromManual(string configuration, Func<string, int, IReadOnlyDictionary<string, string>, Task<RealProxy?>> startAsync)
    {
        var port = FreePort.Next();
        return startAsync(
            configuration.Replace("listen 5000", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{port}"), StringComparison.Ordinal)
                .Replace("\n:5000 {", string.Create(CultureInfo.InvariantCulture, $"\n:{port} {{"), StringComparison.Ordinal),
            port, NoFiles);
    }

    private static async Task<RealProxy> StartedAsync(Task<RealProxy?> starting) => await starting ?? throw new InvalidOperationException("It refuses its configuration.");

    private static async Task<RealProxy?> StartAsync(int port, IReadOnlyDictionary<string, string> files, Func<string, string[]> prepare)
    {
        var proxy = new RealProxy(port);
        foreach (var (name, content) in files)
            await File.WriteAllTextAsync(Path.Combine(proxy.Folder, name), content);
        proxy._process = ChildProcess.Start("proxy", prepare(proxy.Folder));
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port);
                return proxy;
            }
            catch (SocketException e)
            {
                if (proxy._process.HasExited)
                {
                    await proxy.DisposeAsync();
                    return null;
                }
                if (TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(60))
                    throw new InvalidOperationException($"It does not answer: {proxy._process.Output}", e);
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }
    }
}
