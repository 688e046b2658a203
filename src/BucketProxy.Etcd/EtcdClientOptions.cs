using System.Collections.Immutable;

namespace BucketProxy.Etcd;

/// <summary>A user of etcd.</summary>
/// <param name="User">The name.</param>
/// <param name="Password">The password. It is sent to the server as it is, so it wants TLS.</param>
public sealed record EtcdCredentials(string User, string Password)
{
    /// <summary>The name only: a password has no place in a log.</summary>
    public override string ToString() => User;
}

/// <summary>How to reach etcd.</summary>
public sealed record EtcdClientOptions
{
    /// <summary>The members to ask, in this order; one is kept to as long as it answers.</summary>
    public required ImmutableArray<EtcdEndpoint> Endpoints { get; init; }

    /// <summary>For encrypted endpoints.</summary>
    public EtcdTls? Tls { get; init; }

    /// <summary>Who we are; null where etcd asks nobody.</summary>
    public EtcdCredentials? Credentials { get; init; }

    /// <summary>A call's whole time, retries included (default 5 s). Lower: a slow cluster looks like a dead one. Higher: callers wait longer for nothing.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one member may take over a call that may be sent again to the next (default 2 s).
    /// A call that may not be sent again has the whole <see cref="CallTimeout"/>.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for a connection (default 1 s): a member cut off by a silent network costs this before the next is asked.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A connection on which nothing was heard for this long is asked for a sign of life (default 5 s; etcd closes connections that ask more often).</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait for the sign of life before the connection is given up (default 3 s).</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A watch asks the server how far it is this often, and gives the stream up when it hears nothing for twice as long (default 5 s).
    /// Zero: it never asks.</summary>
    public TimeSpan WatchProgressInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait before the first retry (default 50 ms); it doubles from one to the next.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between retries (default 2 s).</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The largest answer taken, in bytes (default 64 MiB): what a broken server can make us allocate.</summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Reads a list as in <c>etcd-01:2379,etcd-02:2379</c>.</summary>
    /// <exception cref="FormatException">One of them is no endpoint.</exception>
    public static EtcdClientOptions ForEndpoints(params IEnumerable<string> endpoints) =>
        new() { Endpoints = [.. endpoints.Select(text => EtcdEndpoint.Parse(text))] };

    /// <summary>Throws with the name of the first setting that is not allowed.</summary>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    public void Validate()
    {
        if (Endpoints.IsDefaultOrEmpty)
            throw new ArgumentException("Endpoints is empty: at least one etcd endpoint is needed");
        Positive(CallTimeout, nameof(CallTimeout));
        Positive(AttemptTimeout, nameof(AttemptTimeout));
        Positive(ConnectTimeout, nameof(ConnectTimeout));
        Positive(PingTimeout, nameof(PingTimeout));
        Positive(RetryDelay, nameof(RetryDelay));
        if (PingInterval < TimeSpan.FromSeconds(1))
            throw new ArgumentException($"PingInterval is {PingInterval}: at least one second is allowed");
        if (MaxRetryDelay < RetryDelay)
            throw new ArgumentException($"MaxRetryDelay is {MaxRetryDelay}: at least RetryDelay ({RetryDelay}) is allowed");
        if (WatchProgressInterval < TimeSpan.Zero)
            throw new ArgumentException($"WatchProgressInterval is {WatchProgressInterval}: zero or more is allowed");
        if (MaxMessageBytes < 1024)
            throw new ArgumentException($"MaxMessageBytes is {MaxMessageBytes}: at least 1024 is allowed");
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1))
            throw new ArgumentException($"{name} is {value}: more than zero and at most an hour is allowed");
    }
}
