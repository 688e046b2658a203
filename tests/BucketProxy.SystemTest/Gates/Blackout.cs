using System.Collections.Concurrent;
using System.Diagnostics;

namespace BucketProxy.SystemTest.Gates;

/// <summary>
/// Measures for how long a server's bases take no rows: one request every 100 ms, each by itself, whatever became of those before. What counts is the longest
/// time between two answers.
/// </summary>
internal sealed class Blackout : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(120) };
    private readonly ConcurrentQueue<(long Sent, long Answered)> _answers = new();
    private readonly ConcurrentBag<Task> _requests = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _all;

    /// <param name="uri">Answers with success when the server takes requests; GET, so that a probe leaves nothing behind.</param>
    public Blackout(Uri uri) => _all = RunAsync(uri);

    /// <summary>Whether anything was answered yet: only from then on can a silence be seen.</summary>
    public bool HasBegun => !_answers.IsEmpty;

    /// <summary>The longest time without an answer so far.</summary>
    public TimeSpan Longest
    {
        get
        {
            var at = _answers.Select(a => a.Answered).Order().Append(Stopwatch.GetTimestamp()).ToList();
            return at.Zip(at.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a, b)).DefaultIfEmpty().Max();
        }
    }

    /// <summary>When the first of the requests was answered that were sent after a moment; null: none was.</summary>
    /// <param name="moment">Of <see cref="Stopwatch"/>.</param>
    public long? FirstAnswerTo(long moment) => _answers.Where(a => a.Sent > moment).Min(a => (long?)a.Answered);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        // Those that hang in a frozen process are given up.
        _http.CancelPendingRequests();
        await Task.WhenAll(_requests);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(Uri uri)
    {
        using var timer = new PeriodicTimer(Every, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                _requests.Add(AskAsync(uri));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task AskAsync(Uri uri)
    {
        var sent = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await _http.GetAsync(uri);
            if (answer.IsSuccessStatusCode)
                _answers.Enqueue((sent, Stopwatch.GetTimestamp()));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // No answer: that is what is measured.
        }
    }
}
