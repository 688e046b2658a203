namespace BucketProxy.Gateway.Gating;

/// <summary>Waits until nothing is in flight to a run of the server. Used by the agent's loop only, but for <paramref name="changed"/>.</summary>
/// <param name="traffic">The data plane.</param>
/// <param name="changed">Called from any thread when a wait has ended.</param>
internal sealed class RunSilence(IGateTraffic traffic, Action changed) : IDisposable
{
    private string? _run;
    private Task? _silence;
    private CancellationTokenSource _stop = new();

    /// <summary>Whether the run that is followed is silent.</summary>
    public bool IsSilent(string run) => _run == run && _silence is { IsCompletedSuccessfully: true };

    /// <summary>Begins to wait for a run, to which nothing is admitted any more; null: no run is waited for.</summary>
    public void Follow(string? run)
    {
        if (run == _run)
            return;
        _stop.Cancel();
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        _run = run;
        _silence = run is null ? null : traffic.WhenSilentAsync(run, _stop.Token);
        _silence?.ContinueWith(_ => changed(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
