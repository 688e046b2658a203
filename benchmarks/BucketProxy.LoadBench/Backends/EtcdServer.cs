using System.Globalization;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Backends;

/// <summary>An etcd of one member, with fsync, in the run's own folder.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly ServerProcess _process;

    private EtcdServer(ServerProcess process, string endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    public int Pid => _process.Pid;

    /// <summary>Host and port for clients.</summary>
    public string Endpoint { get; }

    public static async Task<EtcdServer> StartAsync(Workspace workspace)
    {
        var folder = workspace.NewFolder("etcd");
        var port = workspace.Ports.Take();
        var (client, peer) = (Local(port), Local(workspace.Ports.Take()));
        string[] arguments =
        [
            "--name", "bench", "--data-dir", folder + "/data",
            "--listen-client-urls", "http://" + client, "--advertise-client-urls", "http://" + client,
            "--listen-peer-urls", "http://" + peer, "--initial-advertise-peer-urls", "http://" + peer,
            "--initial-cluster", "bench=http://" + peer,
        ];
        return new EtcdServer(await ServerProcess.StartAsync("etcd", arguments, port, folder + "/out.log"), client);
    }

    /// <summary>Its own figures, in Prometheus' text format.</summary>
    public Task<string> FiguresAsync() => Client.GetStringAsync(new Uri($"http://{Endpoint}/metrics"));

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
