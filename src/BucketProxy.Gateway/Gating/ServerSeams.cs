using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Gating;

/// <summary>Starts runs of the server behind a gate.</summary>
public interface IServerLauncher
{
    /// <summary>Starts a run. Only while no earlier one is left.</summary>
    /// <param name="killedAt">At this timestamp of the gate's clock the run is killed, whatever becomes of the gate (G5), unless
    /// <see cref="IServerRun.ExtendUntil"/> says otherwise before.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="IOException">The program could not be started; the message says why.</exception>
    Task<IServerRun> StartAsync(long killedAt, CancellationToken cancellationToken);
}

/// <summary>One run of the server behind a gate: a process and all that it started.</summary>
public interface IServerRun : IAsyncDisposable
{
    /// <summary>Unique for each run, also of other gates: what the cluster knows it by.</summary>
    string Incarnation { get; }

    /// <summary>Completes when no process of it is left. Never fails.</summary>
    Task<ServerEnd> Ended { get; }

    /// <summary>Moves the time at which it is killed to this timestamp of the gate's clock. Absolute: a gate that stands still in the middle of the
    /// call must not give it more time by that. Never waits.</summary>
    void ExtendUntil(long killedAt);

    /// <summary>Asks it to save and to end.</summary>
    void SignalStop();

    /// <summary>Ends it at once.</summary>
    void Kill();
}

/// <summary>How a run ended.</summary>
/// <param name="HasSaved">True: it was asked to stop and ended by itself, without an error. False: what it had in memory is lost, and a save of
/// it may still be on its way to the storage.</param>
/// <param name="Reason">What happened, for people.</param>
public sealed record ServerEnd(bool HasSaved, string Reason);

/// <summary>Runs of the server that a gate runs, since the gate's process began.</summary>
/// <param name="Started">Those that were started.</param>
/// <param name="Saved">Those that were asked to end, and ended by themselves without an error.</param>
/// <param name="Lost">Those that ended otherwise: crashed, or killed. What they had not saved or logged is lost.</param>
public readonly record struct RunCount(long Started, long Saved, long Lost);

/// <summary>What a gate asks of its server over HTTP.</summary>
public interface IServerCalls
{
    /// <summary>Whether it answers <c>/ping/</c> with success.</summary>
    Task<bool> PingAsync(CancellationToken cancellationToken);

    /// <summary>Has it save and unload a bucket, or a pin of it. Null: it has; else why not.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="pin">The pin that moves, or null.</param>
    /// <param name="epoch">The epoch that it is owned at.</param>
    /// <param name="cancellationToken">The move is over.</param>
    Task<string?> ReleaseAsync(Bucket bucket, BasePrefix? pin, long epoch, CancellationToken cancellationToken);
}

/// <summary>What a gate's data plane does for it.</summary>
public interface IGateTraffic
{
    /// <summary>Completes when nothing is in flight to a run of the server any more. Asked only after a table that admits nothing to it was
    /// published.</summary>
    Task WhenSilentAsync(string incarnation, CancellationToken cancellationToken);

    /// <summary>Closes the connections to a run at once; none is made to it from here on (G2). Called before the next run is started.</summary>
    void Retire(string incarnation);
}
