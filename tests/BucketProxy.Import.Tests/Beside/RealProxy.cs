using System.Globalization;
using BucketProxy.EtcdTesting;
using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>The real nginx or Caddy of this machine, with a configuration.</summary>
internal sealed class RealProxy : IAsyncDisposable
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 8 });
    private ChildProcess? _process;

    private readonly string _address;

    private RealProxy(int port) => _address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <summary>Starts nginx. The configuration listens on port 5000; it gets a free one.</summary>
    public static Task<RealProxy> StartNginxAsync(string configuration) => StartAsync(configuration, (folder, text) =>
    {
        var temporary = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind}; "));
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $"pid {folder}/nginx.pid;\n" + text.Replace("http {", $"http {{ {temporary}", StringComparison.Ordinal));
        return [.. NginxShell.Command(NginxShell.Find() ?? throw new InvalidOperationException("There is no nginx; tests/run.sh installs it."), folder)];
    });

    /// <summary>Starts Caddy. The configuration listens on port 5000; it gets a free one, and its options give way to one.</summary>
    public static Task<RealProxy> StartCaddyAsync(string configuration) => StartAsync(configuration, (folder, text) =>
    {
        // The option is of a newer Caddy than Debian's.
        File.WriteAllText(Path.Combine(folder, "Caddyfile"), text.Replace("{\n    metrics\n}", "{\n    admin off\n}", StringComparison.Ordinal));
        return ["env", $"HOME={folder}", $"XDG_DATA_HOME={folder}", $"XDG_CONFIG_HOME={folder}", "caddy", "run", "--config", Path.Combine(folder, "Caddyfile"), "--adapter", "caddyfile"];
    });

    /// <summary>What a server behind it, or it, answers.</summary>
    public async Task<string> AskAsync(string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_address + target, AsItIs));
        using var answer = await _http.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null)
        {
            await _process.SignalAsync("TERM");
            await _process.DisposeAsync();
        }
        _directory.Dispose();
    }

    private static async Task<RealProxy> StartAsync(string configuration, Func<string, string, string[]> prepare)
    {
        var port = FreePort.Next();
        var proxy = new RealProxy(port);
        var command = prepare(proxy._directory.Path, configuration.Replace("listen 5000", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{port}"), StringComparison.Ordinal)
            .Replace("\n:5000 {", string.Create(CultureInfo.InvariantCulture, $"\n:{port} {{"), StringComparison.Ordinal));
        proxy._process = ChildProcess.Start("proxy", command);
        var limit = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await proxy.AskAsync("/ping/");
                return proxy;
            }
            catch (HttpRequestException e)
            {
                if (proxy._process.HasExited || TimeProvider.System.GetElapsedTime(limit) > TimeSpan.FromSeconds(60))
                    throw new InvalidOperationException($"It does not answer: {proxy._process.Output}", e);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }
}
