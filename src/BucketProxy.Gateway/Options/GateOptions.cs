namespace BucketProxy.Gateway.Options;

/// <summary>Settings of a gate: the server behind it, and how long that may live without a word of the store. What its port does with requests otherwise is in
/// <see cref="GatewayOptions"/>.</summary>
public sealed record GateOptions
{
    /// <summary>The node id of the server.</summary>
    public required string Node { get; init; }

    /// <summary>Where the gate reaches the server. Default <c>http://127.0.0.1:5000</c>.</summary>
    public Uri Server { get; init; } = new("http://127.0.0.1:5000");

    /// <summary>Where others reach the gate: the registration's <c>local_node_url</c>.</summary>
    public required Uri Advertise { get; init; }

    /// <summary>Where browsers reach the gate: the registration's <c>node_url</c>. Default: none, <see cref="Advertise"/>.</summary>
    public Uri? AdvertiseNodeUrl { get; init; }

    /// <summary>The server's program and arguments. Empty (the default): somebody else runs it.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The gate runs the server, and vouches for its death.</summary>
    public bool IsSupervised => Command.Count > 0;

    /// <summary>The server's working directory. Default: this process's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The signal on which the server saves and ends. Default SIGTERM.</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>Between the stop signal and the kill, when the lease is lost; 0 s to 5 min, default 5 s. Higher: serving stops sooner when the store is away.
    /// Lower: more is lost in such a stop.</summary>
    public TimeSpan SaveTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long after its death a save of the server may still land (G9); 0 s to 5 min, default 5 s. Higher: a crash interrupts its buckets
    /// longer. Lower: a late save may overwrite the new owner's.</summary>
    public TimeSpan LateSaveTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Of the gate's lease; 3 s to 10 min, default 20 s. Higher: a lost machine is noticed later. Lower: more renewals, and servers stopped when
    /// the store is slow.</summary>
    public TimeSpan LeaseTimeToLive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long before the lease could end the server is dead (G4); 0.2 s to 1 min, default 1 s. With <see cref="SaveTime"/> at most
    /// three quarters of <see cref="LeaseTimeToLive"/>.</summary>
    public TimeSpan Margin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the server may take until its <c>/ping/</c> answers; 1 s to 1 h, default 120 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How the server gives buckets up. Default <see cref="GateRelease.None"/>.</summary>
    public GateRelease Release { get; init; }

    /// <summary>Path of the release call, at the server. Default <c>/bucketproxy/release</c>.</summary>
    public string ReleasePath { get; init; } = "/bucketproxy/release";

    /// <summary>What is wrong with them; empty when they can be used.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        Within(nameof(SaveTime), SaveTime, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Within(nameof(LateSaveTime), LateSaveTime, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Within(nameof(LeaseTimeToLive), LeaseTimeToLive, TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(10));
        Within(nameof(Margin), Margin, TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(1));
        Within(nameof(StartTimeout), StartTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Require((Margin + SaveTime) * 4 <= LeaseTimeToLive * 3, $"{nameof(Margin)} and {nameof(SaveTime)} together must be at most three quarters of {nameof(LeaseTimeToLive)}: every slow answer of the store would stop the server.");
        Require(Release != GateRelease.Restart || IsSupervised, $"{nameof(Release)}: a server can be restarted only by who runs it; give {nameof(Command)}.");
        Require(ReleasePath.StartsWith('/') && !ReleasePath.Contains('?', StringComparison.Ordinal), $"{nameof(ReleasePath)}: a path that begins with '/', without a query.");
        // Who reads the registration would go past the gate.
        Require(Advertise.Authority != Server.Authority, $"{nameof(Advertise)}: {Advertise} is the server's own address; it has to be the gate's.");
        return problems;

        void Within(string name, TimeSpan value, TimeSpan least, TimeSpan most) =>
            Require(value >= least && value <= most, $"{name}: {value} is not allowed; allowed: {least} to {most}.");

        void Require(bool holds, string problem)
        {
            if (!holds)
                problems.Add(problem);
        }
    }

    /// <summary>Throws if they cannot be used.</summary>
    /// <exception cref="ArgumentException">Names each problem.</exception>
    public void Validate()
    {
        if (Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems));
    }
}
