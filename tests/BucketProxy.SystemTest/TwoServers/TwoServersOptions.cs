namespace BucketProxy.SystemTest.TwoServers;

/// <summary>How much is sent to two servers while bases change sides.</summary>
public sealed record TwoServersOptions
{
    /// <summary>Decides the bases.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Bases, each with a user of its own.</summary>
    public int Bases { get; init; } = 80;

    /// <summary>Rows a second, over all users. Each append is followed by a read of the whole base.</summary>
    public int Rate { get; init; } = 40;

    /// <summary>Bases that a websocket stays open on.</summary>
    public int Sockets { get; init; } = 20;

    /// <summary>How often a server saves by itself: SeaTable's own value. So what one holds in memory stays there until it is told to let go.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Where logs, journals and storage stay; null: a folder that is removed when all is well.</summary>
    public string? Directory { get; init; }
}
