using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace BucketProxy.EtcdTesting;

/// <summary>How to start one etcd.</summary>
public sealed record EtcdNodeOptions
{
    /// <summary>Its name within the cluster.</summary>
    public string Name { get; init; } = "etcd1";

    /// <summary>Where it listens.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>For clients; 0: a free one.</summary>
    public int ClientPort { get; init; }

    /// <summary>For the other members; 0: a free one.</summary>
    public int PeerPort { get; init; }

    /// <summary>Where it keeps its data; null: a directory of its own, removed at the end.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>All members, as <c>name=url,…</c>; null: it is alone.</summary>
    public string? InitialCluster { get; init; }

    /// <summary>Further arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Put before the command, as <c>ip netns exec NAME</c>.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Clients speak TLS to it.</summary>
    public bool Tls { get; init; }
}

/// <summary>One real etcd process. It dies with the test process, however that ends.</summary>
public sealed class EtcdProcess : IAsyncDisposable
{
    // The shell hears the end of its input when the test process is gone, and takes etcd along.
    private const string Script = """
        exec 3<&0
        "$@" </dev/null 3<&- &
        etcd=$!
        echo "pid $etcd"
        ( cat <&3 >/dev/null; kill -9 $etcd 2>/dev/null ) >/dev/null 2>&1 &
        exec 3<&-
        wait $etcd
        """;

    private readonly EtcdNodeOptions _options;
    private readonly bool _ownsData;
    private readonly StringBuilder _log = new();
    private Process? _shell;
    private Task<int>? _pid;

    private EtcdProcess(EtcdNodeOptions options, string dataDirectory)
    {
        _options = options;
        DataDirectory = dataDirectory;
        _ownsData = options.DataDirectory is null;
        ClientPort = options.ClientPort == 0 ? FreePort.Next() : options.ClientPort;
        PeerPort = options.PeerPort == 0 ? FreePort.Next() : options.PeerPort;
    }

    /// <summary>Its name.</summary>
    public string Name => _options.Name;

    /// <summary>For clients.</summary>
    public int ClientPort { get; }

    /// <summary>For the other members.</summary>
    public int PeerPort { get; }

    /// <summary>Its data.</summary>
    public string DataDirectory { get; }

    /// <summary><c>http(s)://address:port</c> for clients.</summary>
    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"{(_options.Tls ? "https" : "http")}://{_options.Address}:{ClientPort}");

    /// <summary><c>http://address:port</c> for members.</summary>
    public string PeerUrl => string.Create(CultureInfo.InvariantCulture, $"http://{_options.Address}:{PeerPort}");

    /// <summary>Everything it wrote so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Prepares one, without starting it.</summary>
    public static EtcdProcess Create(EtcdNodeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new EtcdProcess(options, options.DataDirectory ?? Directory.CreateTempSubdirectory("etcd-test-").FullName);
    }

    /// <summary>Starts one that is alone, and waits until it serves clients.</summary>
    public static async Task<EtcdProcess> StartNewAsync(EtcdNodeOptions? options = null)
    {
        var etcd = Create(options ?? new EtcdNodeOptions());
        etcd.Start();
        await etcd.WaitUntilServingAsync().ConfigureAwait(false);
        return etcd;
    }

    /// <summary>Starts it (again, on the same data).</summary>
    public void Start()
    {
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var listen = string.Create(CultureInfo.InvariantCulture, $"{(_options.Tls ? "https" : "http")}://{_options.Address}:{ClientPort}");
        string[] arguments =
        [
            "-c", Script, "bash", .. _options.Prefix, "etcd",
            "--name", Name, "--data-dir", DataDirectory,
            "--listen-client-urls", listen, "--advertise-client-urls", listen,
            "--listen-peer-urls", PeerUrl, "--initial-advertise-peer-urls", PeerUrl,
            "--initial-cluster", _options.InitialCluster ?? $"{Name}={PeerUrl}",
            "--logger", "zap", "--log-level", "warn", .. _options.Arguments,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        _shell = Process.Start(start) ?? throw new InvalidOperationException("bash did not start");
        _shell.ErrorDataReceived += (_, line) => Append(line.Data);
        _shell.BeginErrorReadLine();
        var pid = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pid = pid.Task;
        _shell.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                pid.TrySetException(new InvalidOperationException($"etcd did not start: {Log}"));
            else if (line.Data.StartsWith("pid ", StringComparison.Ordinal))
                pid.TrySetResult(int.Parse(line.Data[4..], CultureInfo.InvariantCulture));
            else
                Append(line.Data);
        };
        _shell.BeginOutputReadLine();
    }

    /// <summary>Waits until it accepts connections from clients. Without a quorum it serves no linearizable read yet.</summary>
    public async Task WaitUntilServingAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_shell is null or { HasExited: true })
                throw new InvalidOperationException($"etcd {Name} ended: {Log}");
            if (await AcceptsAsync().ConfigureAwait(false))
                return;
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(30))
                throw new TimeoutException($"etcd {Name} does not serve: {Log}");
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System).ConfigureAwait(false);
        }
    }

    /// <summary>kill −9.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Asks it to end, and waits until it has.</summary>
    public Task TerminateAsync() => EndAsync("TERM");

    /// <summary>Freezes it: connections stay open, nothing answers.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>Lets it go on.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_shell is not null)
        {
            await EndAsync("KILL").ConfigureAwait(false);
            _shell.Dispose();
        }
        if (_ownsData)
            Directory.Delete(DataDirectory, recursive: true);
    }

    private async Task EndAsync(string signal)
    {
        if (_shell is not { HasExited: false } shell)
            return;
        await SignalAsync(signal).ConfigureAwait(false);
        await shell.WaitForExitAsync().ConfigureAwait(false);
    }

    private async Task SignalAsync(string signal)
    {
        var pid = await _pid!.ConfigureAwait(false);
        using var kill = Process.Start("kill", ["-s", signal, pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    private async Task<bool> AcceptsAsync()
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(_options.Address, ClientPort).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Append(string? line)
    {
        if (line is null)
            return;
        lock (_log)
            _log.AppendLine(line);
    }
}
