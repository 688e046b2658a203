namespace BucketProxy.SystemTest;

/// <summary>How long, how much, and what for.</summary>
public sealed record SystemTestOptions
{
    /// <summary>For how long disturbances are begun; the last one may end later, and on a slow machine they go on until one has moved something.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Decides bases, order of the disturbances, and what they hit.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Bases that rows are appended to.</summary>
    public int Bases { get; init; } = 500;

    /// <summary>Bases that a websocket stays open on.</summary>
    public int Sockets { get; init; } = 200;

    /// <summary>Rows a second, over all writers.</summary>
    public int Rate { get; init; } = 200;

    /// <summary>etcd members; from 3 on, the leader can be killed.</summary>
    public int EtcdMembers { get; init; } = 3;

    /// <summary>dtable-servers.</summary>
    public int Nodes { get; init; } = 4;

    /// <summary>Proxies.</summary>
    public int Proxies { get; init; } = 3;

    /// <summary>Monitors.</summary>
    public int Monitors { get; init; } = 2;

    /// <summary>How often a dtable-server saves by itself: often enough that an old owner that was not told overwrites what the new one saved.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Off: the control. Nodes keep what another one was granted, while the monitor believes that they gave it up. Planned moves only; the checker must find lost rows.
    /// </summary>
    public bool HandOff { get; init; } = true;

    /// <summary>Only what an operator orders, nothing killed.</summary>
    public bool PlannedOnly { get; init; }

    /// <summary>Only disturbances whose name holds this text; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>Where logs, journals and storage stay; null: a folder that is removed when all is well.</summary>
    public string? Directory { get; init; }
}
