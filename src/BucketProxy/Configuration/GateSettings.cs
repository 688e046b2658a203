using System.Collections.Immutable;
using BucketProxy.Configuration.Values;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Configuration;

/// <summary>The gate of one dtable-server.</summary>
internal sealed record GateSettings
{
    [Setting("The node id of the server behind the gate, under which the gate registers it.", DefaultText = "none: it must be given for the role 'gate'",
        Allowed = "'dtable-server-' and at least one of: letters, digits, '-', '_', '.'")]
    public string? Node { get; init; }

    [Setting("Where the gate's port is opened. Next to the proxy's 5550, so that a proxy and a gate fit on one machine.")]
    public ListenAddress Listen { get; init; } = new(null, 5551);

    [Setting("Where the gate reaches the server. Nobody else may reach it there: let the server listen on localhost, or close its port.")]
    public Uri Server { get; init; } = new("http://127.0.0.1:5000");

    [Setting("Where proxies, monitors and other gates reach the gate: what the registration says as local_node_url. Not the server's own address.",
        DefaultText = "none: it must be given for the role 'gate'")]
    public Uri? Advertise { get; init; }

    [Setting("Where browsers reach the gate: what the registration says as node_url.", DefaultText = "advertise")]
    public Uri? AdvertiseNodeUrl { get; init; }

    [Setting("The program that is the server, and its arguments, one item each; run without a shell. It stays in the foreground: what it leaves when it ends is killed. "
        + "The gate kills it before its lease can end, so a lost server's buckets go to others without doubt.",
        DefaultText = "none: somebody else runs the server (unsupervised), and a lost one's buckets wait as without a gate")]
    public ImmutableArray<string> Command { get; init; } = [];

    [Setting("Whether the command is run. Off: as if there were none, for a server that is started elsewhere for a while.",
        Raise = "On: the server's life hangs on the gate's.", Lower = "Off: the gate cannot vouch for the server's death.")]
    public bool Supervise { get; init; } = true;

    [Setting("The server's working directory.", DefaultText = "that of the gate")]
    public string? WorkingDirectory { get; init; }

    [Setting("The signal on which the server saves what it holds and ends.", Allowed = "SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2")]
    public string StopSignal { get; init; } = "SIGTERM";

    [Setting("How long the server has to save when the gate loses its lease: between the stop signal and the kill. A server that takes longer loses what it had not saved, as in a crash.",
        Min = "0s", Max = "5m", Raise = "The gate stops serving that much sooner when the store is away.", Lower = "More is lost in such a stop.")]
    public TimeSpan SaveTime { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("For how long after the death of the server a save of it may still reach the storage. Its buckets open elsewhere only then.",
        Min = "0s", Max = "5m", Raise = "A crash interrupts its buckets longer.", Lower = "A late save may overwrite the new owner's.")]
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("The time to live of the gate's lease in the store. For a server that the gate does not run it is at least 90s, as for servers that register themselves: the end of the lease is no proof there.", Min = "3s", Max = "10m",
        Raise = "A lost machine is noticed later.", Lower = "More renewals, and servers stopped in a shorter absence of the store.")]
    public TimeSpan LeaseTimeToLive { get; init; } = TimeSpan.FromSeconds(20);

    [Setting("How long before its lease could end the server is dead. margin + saveTime is at most three quarters of leaseTimeToLive; what is left, less a tenth of leaseTimeToLive, is how long the store may be away.",
        Min = "200ms", Max = "1m", Raise = "The gate stops serving sooner when the store is away.", Lower = "Less room for a slow kill, and for clocks of different speed.")]
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(1);

    [Setting("How long the server may take until its /ping/ answers; then it is killed and started again.", Min = "1s", Max = "1h",
        Raise = "A server that hangs in its start is noticed later.", Lower = "One that starts slowly never gets up.")]
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);

    [Setting("How the server gives buckets up in a planned move. 'call': an HTTP call to releasePath that answers 2xx once it has saved and unloaded the bucket. 'restart': the gate restarts it; every server can do that. 'none': not at all, so no bucket is moved off it while it runs.",
        DefaultText = "'restart' for a server that the gate runs, else 'none'")]
    public GateRelease? Release { get; init; }

    [Setting("For 'call': the path that is called at the server.", Allowed = "a path that begins with '/', without a query")]
    public string ReleasePath { get; init; } = "/bucketproxy/release";
}
