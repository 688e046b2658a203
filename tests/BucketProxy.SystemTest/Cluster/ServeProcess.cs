using System.Globalization;
using BucketProxy.EtcdTesting;

namespace BucketProxy.SystemTest.Cluster;

/// <summary>A proxy or a monitor in a process of its own; always at the same ports, with the same data directory.</summary>
internal sealed class ServeProcess(string name, string role, string settings, string directory, params string[] set) : RestartableProcess(name), IEntrance
{
    private readonly int _dataPort = FreePort.Next();
    private readonly int _adminPort = FreePort.Next();
    private readonly SemaphoreSlim _taken = new(1);

    public string Authority => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_dataPort}");

    public Uri Admin => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_adminPort}"));

    /// <summary>From the moment it is about to be ended or frozen, until it serves again.</summary>
    public bool IsAway { get; set; }

    public async Task<bool> IsReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync(new Uri(Admin, "/health/ready"));
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Nobody else ends, freezes or starts it meanwhile.</summary>
    public async Task<IDisposable> TakeAsync()
    {
        await _taken.WaitAsync();
        return new Taken(_taken);
    }

    protected override string ReadyLine => "instance ";

    protected override string[] Arguments() =>
    [
        "serve", "--config", settings, "--roles", role, "--data-directory", Path.Combine(directory, Name),
        "--listen", Authority, "--admin-listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_adminPort}"), "--set", $"instance={Name}",
        .. set.SelectMany(value => new[] { "--set", value }),
    ];

    private sealed class Taken(SemaphoreSlim taken) : IDisposable
    {
        public void Dispose() => taken.Release();
    }
}
