using System.Globalization;
using System.Text.RegularExpressions;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.Gates;

/// <summary>A gate in a process of its own, with a dtable-server stand-in behind it; always at the same ports. Its wire to etcd can be held up.</summary>
internal sealed partial class GateProcess : RestartableProcess
{
    private static readonly string[] ZombieFlag = ["--zombie"];

    private readonly int _port = FreePort.Next();
    private readonly int _adminPort = FreePort.Next();
    private readonly int _serverPort = FreePort.Next();
    private readonly GateProcessOptions _options;
    private readonly string _settings;
    private readonly string _storage;
    private readonly string _directory;

    public GateProcess(string id, string settings, string storage, string directory, int etcdPort, GateProcessOptions options)
        : base(id)
    {
        _options = options;
        _settings = settings;
        _storage = storage;
        _directory = directory;
        Wire = new TcpRelay(etcdPort);
        if (Stand is Stand.Unsupervised or Stand.Elsewhere)
        {
            Server = new NodeProcess(id, storage, directory, etcd: null, new SystemTestOptions { FlushInterval = options.FlushInterval },
                ["--operation-log", .. Stand == Stand.Elsewhere ? ZombieFlag : []]);
        }
    }

    /// <summary>How its server stands behind it.</summary>
    public Stand Stand => _options.Stand;

    /// <summary>The server, where the gate does not run it.</summary>
    public NodeProcess? Server { get; }

    /// <summary>Between this gate and etcd.</summary>
    public TcpRelay Wire { get; }

    public string Journal => Path.Combine(_directory, Name + ".jsonl");

    /// <summary>Where proxies and browsers reach it.</summary>
    public string Authority => Local(_port);

    /// <summary>The program that the gate runs and its fuse, as the gate last said; null: it has not said so yet.</summary>
    public (int Server, int Fuse)? Processes => Runs().LastOrDefault();

    /// <summary>Whether its server runs, as far as one can see without asking it.</summary>
    public bool HasServer => Stand is Stand.Unsupervised or Stand.Elsewhere || (Processes is { Server: var server } && ServerDeaths.Lives(server));

    /// <summary>Every program and fuse that it started.</summary>
    public IEnumerable<(int Server, int Fuse)?> Runs() => RunsLine().Matches(Output).Select(m => ((int Server, int Fuse)?)
        (int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)));

    protected override string ReadyLine => "instance ";

    protected override string[] Arguments() =>
    [
        "serve", "--config", _settings, "--roles", "gate", "--data-directory", Path.Combine(_directory, Name + ".gate"),
        "--admin-listen", Local(_adminPort),
        "--set", $"instance={Name}",
        "--set", "etcd.endpoints=" + Local(Wire.Port),
        "--set", "gate.node=" + Name,
        "--set", "gate.listen=" + Local(_port),
        "--set", "gate.advertise=http://" + Local(_port),
        "--set", "gate.server=http://" + (Server?.Authority ?? Local(_serverPort)),
        .. Time("leaseTimeToLive", _options.Lease), .. Time("saveTime", _options.SaveTime), .. Time("lateSaveTime", _options.LateSaveTime),
        .. Release is { } release ? ["--set", "gate.release=" + release] : Array.Empty<string>(),
        .. Command() is { Length: > 0 } command ? ["--set", "gate.command=" + string.Join(',', command)] : Array.Empty<string>(),
    ];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        await Wire.DisposeAsync();
    }

    private string? Release => Stand switch
    {
        Stand.Called or Stand.Unsupervised => "call",
        // A server that does not stop cannot be restarted: each planned move off it would be a crash.
        Stand.Zombie or Stand.Elsewhere => "none",
        _ => null,
    };

    private string[] Command() => Stand switch
    {
        Stand.Unsupervised => [],
        Stand.Elsewhere => ["sleep", "infinity"],
        _ =>
        [
            "dotnet", Path.Combine(AppContext.BaseDirectory, "bucketproxy.dll"), "emulator", "--id", Name,
            "--port", _serverPort.ToString(CultureInfo.InvariantCulture), "--storage", _storage, "--journal", Journal,
            "--flush-seconds", _options.FlushInterval.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--operation-log",
            .. Stand == Stand.Zombie ? ZombieFlag : [],
        ],
    };

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static string[] Time(string name, TimeSpan? time) =>
        time is null ? [] : ["--set", string.Create(CultureInfo.InvariantCulture, $"gate.{name}={time.Value.TotalSeconds}s")];

    [GeneratedRegex(@"runs as process (\d+), below fuse (\d+)")]
    private static partial Regex RunsLine();
}
