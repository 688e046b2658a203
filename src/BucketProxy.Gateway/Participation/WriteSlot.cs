using System.Globalization;
using BucketProxy.Cluster.Store;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Participation;

/// <summary>
/// At most one write of a participant's record at a time, each within a deadline, and a pause after one that failed. The agent's loop starts
/// them and takes their outcomes, and never waits for one. Used by that loop only, so not thread-safe.
/// </summary>
/// <typeparam name="TState">The standing of the proxy or gate whose record it is.</typeparam>
/// <param name="instance">The proxy or gate, for the log.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where failures are reported.</param>
/// <param name="ended">Called from any thread when a write has ended.</param>
/// <param name="stop">Ends the write under way.</param>
internal sealed class WriteSlot<TState>(string instance, TimeProvider time, ILogger logger, Action ended, CancellationToken stop)
{
    /// <summary>How long one write may take.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    /// <summary>The pause doubles up to this while the store refuses: that ends by an operator's hand, not by trying.</summary>
    internal static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(8);

    private readonly ToldCauses _causes = new(time);
    private long _notBefore;
    private int _refusals;
    private string? _trouble;

    /// <summary>Why the last write failed; null: it did not. From any thread.</summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>The write under way, or the ended one whose outcome was not taken yet; null: there is none.</summary>
    public Task<Func<TState, TState>>? Write { get; private set; }

    /// <summary>Whether a write may start now.</summary>
    public bool IsFree => Write is null && UntilRetry is null;

    /// <summary>What is left of the pause after a failed write; null: nothing.</summary>
    public TimeSpan? UntilRetry
    {
        get
        {
            var left = TimeSpan.FromSeconds((_notBefore - time.GetTimestamp()) / (double)time.TimestampFrequency);
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>Starts one. Only while <see cref="IsFree"/>.</summary>
    public void Start(Func<CancellationToken, Task<Func<TState, TState>>> write)
    {
        Write = RunAsync(write);
        Write.ContinueWith(_ => ended(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>What the write that has ended changes of the standing; null: none has ended, or it failed.</summary>
    /// <exception cref="OperationCanceledException">It is stopping.</exception>
    public async ValueTask<Func<TState, TState>?> TakeOutcomeAsync()
    {
        if (Write is not { IsCompleted: true } write)
            return null;
        Write = null;
        try
        {
            var outcome = await write.ConfigureAwait(false);
            _refusals = 0;
            _causes.IsOver();
            Volatile.Write(ref _trouble, null);
            return outcome;
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            Failed(e.Message, (e as StoreException)?.Cause ?? e.Message, isRefused: e is StoreRejectedException);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            var late = string.Create(CultureInfo.InvariantCulture, $"no answer from the store within {Deadline.TotalSeconds} s");
            Failed(late, late, isRefused: false);
        }
        return null;
    }

    private void Failed(string reason, string cause, bool isRefused)
    {
        if (_causes.IsNews(cause))
            Log.ProxyWriteFailed(logger, instance, reason);
        Volatile.Write(ref _trouble, reason);
        _refusals = isRefused ? _refusals + 1 : 0;
        var pause = Retry.TotalSeconds * Math.Pow(2, Math.Clamp(_refusals - 1, 0, 10));
        _notBefore = time.GetTimestamp() + (long)(Math.Min(pause, LongestRetry.TotalSeconds) * time.TimestampFrequency);
    }

    private async Task<Func<TState, TState>> RunAsync(Func<CancellationToken, Task<Func<TState, TState>>> write)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        return await write(over.Token).ConfigureAwait(false);
    }
}
