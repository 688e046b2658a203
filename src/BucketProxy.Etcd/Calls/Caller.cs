using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Transport;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace BucketProxy.Etcd.Calls;

/// <summary>Carries a call out: picks the endpoint, proves who we are, retries what may be retried, keeps the deadline.</summary>
/// <remarks>
/// <code>
/// 1. deadline over everything
/// 2. retry (Polly): next endpoint, 50 ms doubling to 2 s, if the attempt certainly did nothing or the call may be repeated
/// 3. token: renewed once per attempt when it ran out
/// 4. one attempt at one endpoint
/// </code>
/// </remarks>
internal sealed class Caller : IDisposable
{
    private readonly EtcdClientOptions _options;
    private readonly TimeProvider _time;
    private readonly EndpointRing _ring;
    private readonly TokenSource? _tokens;
    private readonly ResiliencePipeline _retry;
    private readonly ILogger _log;

    public Caller(EtcdClientOptions options, TimeProvider time, EndpointRing ring, ILogger log)
    {
        _options = options;
        _time = time;
        _ring = ring;
        _log = log;
        _tokens = options.Credentials is { } credentials ? new TokenSource(credentials, time, log) : null;
        var backoff = new Backoff(options.RetryDelay, options.MaxRetryDelay);
        _retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<RetryableException>(),
                MaxRetryAttempts = int.MaxValue,
                DelayGenerator = retry => ValueTask.FromResult<TimeSpan?>(backoff.Delay(retry.AttemptNumber)),
            })
            .Build();
    }

    /// <summary>Carries a call out at whichever endpoint answers.</summary>
    /// <exception cref="EtcdException">It failed.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; a write may have been carried out all the same.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        EtcdMethod<TRequest, TResponse> method, TRequest request, CallKind kind, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // :: Step 1
        var end = new Deadline(_time, _options.CallTimeout);
        using var deadline = new CancellationTokenSource(_options.CallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        CallFailure? last = null;
        try
        {
            // :: Step 2
            return await _retry.ExecuteAsync(
                async token =>
                {
                    var channel = _ring.Current;
                    try
                    {
                        return await AttemptAsync(channel, method, request, kind, end, token, cancel).ConfigureAwait(false);
                    }
                    catch (CallFailure f) when (f.Execution == Execution.Never || (f.Execution == Execution.Maybe && kind.Repeatable))
                    {
                        // That time ran out says less than what an attempt before it met with.
                        if (last is null || f.Status != EtcdStatusCode.DeadlineExceeded)
                            last = f;
                        _ring.Leave(channel);
                        _log.Retrying(method.Name, channel.Endpoint, f.Status, f.Detail);
                        throw new RetryableException(f);
                    }
                },
                either.Token).ConfigureAwait(false);
        }
        catch (CallFailure f)
        {
            if (f.Execution == Execution.Maybe)
                _ring.Leave(_ring.Find(f.Endpoint)!);
            throw Failures.ToPublic(method.Name, f, kind.Repeatable);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // Only between attempts, and while asking for a token: an attempt under way ends by its own clock, and says what it may have done.
            throw last is null
                ? new EtcdUnavailableException(method.Name, _ring.Current.Endpoint, EtcdStatusCode.DeadlineExceeded, "not sent in time")
                : Failures.ToPublic(method.Name, last, repeatable: true);
        }
    }

    /// <summary>Carries a call out at one endpoint, once.</summary>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<TResponse> CallOneAsync<TRequest, TResponse>(
        EtcdChannel channel, EtcdMethod<TRequest, TResponse> method, TRequest request, CallKind kind, CancellationToken cancel)
    {
        try
        {
            var end = new Deadline(_time, _options.CallTimeout);
            return await AttemptAsync(channel, method, request, kind, end, cancel, cancel).ConfigureAwait(false);
        }
        catch (CallFailure f)
        {
            throw Failures.ToPublic(method.Name, f, kind.Repeatable);
        }
    }

    /// <summary>The token to open a stream with.</summary>
    /// <exception cref="CallFailure">There is none to be had.</exception>
    public async Task<TokenSource.Token?> TokenAsync(EtcdChannel channel, TokenSource.Token? refused, CancellationToken cancel) =>
        _tokens is null ? null : await _tokens.GetAsync(channel, refused, _options.AttemptTimeout, cancel).ConfigureAwait(false);

    /// <summary>Whether a new token may be asked for in place of one that did not do.</summary>
    public bool MayRenew => _tokens is { MayRenew: true };

    /// <summary>Does something once more, with a new token, and notes whether that helped.</summary>
    /// <exception cref="CallFailure">It failed again, or there is no token to be had.</exception>
    public async Task<T> RenewedAsync<T>(
        EtcdChannel channel, TokenSource.Token refused, Func<TokenSource.Token?, Task<T>> again, Func<CallFailure, bool> isNoHelp, CancellationToken cancel)
    {
        var token = await _tokens!.GetAsync(channel, refused, _options.AttemptTimeout, cancel).ConfigureAwait(false);
        try
        {
            var done = await again(token).ConfigureAwait(false);
            _tokens.Helped();
            return done;
        }
        catch (CallFailure f) when (isNoHelp(f))
        {
            _tokens.DidNotHelp(token);
            throw;
        }
    }

    public void Dispose() => _tokens?.Dispose();

    private async Task<TResponse> AttemptAsync<TRequest, TResponse>(
        EtcdChannel channel, EtcdMethod<TRequest, TResponse> method, TRequest request, CallKind kind, Deadline end, CancellationToken beforeSending, CancellationToken cancel)
    {
        // :: Step 3
        var token = await TokenAsync(channel, refused: null, beforeSending).ConfigureAwait(false);
        try
        {
            return await SendAsync(token).ConfigureAwait(false);
        }
        catch (CallFailure f) when (token is not null && f.IsTokenTrouble && _tokens!.MayRenew)
        {
            return await RenewedAsync(channel, token, SendAsync, static again => again.IsTokenTrouble, beforeSending).ConfigureAwait(false);
        }

        // :: Step 4
        Task<TResponse> SendAsync(TokenSource.Token? with)
        {
            var left = end.Left;
            var timeout = kind.Repeatable && _options.AttemptTimeout < left ? _options.AttemptTimeout : left;
            return channel.CallAsync(method, request, new CallMetadata(with?.Value, kind.RequireLeader), timeout, cancel);
        }
    }

    private readonly struct Deadline(TimeProvider time, TimeSpan total)
    {
        private readonly long _started = time.GetTimestamp();

        public TimeSpan Left
        {
            get
            {
                var left = total - time.GetElapsedTime(_started);
                return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
            }
        }
    }

    /// <summary>Marks the failures that Polly may take up again.</summary>
    private sealed class RetryableException(CallFailure failure) : Exception(failure.Detail, failure);
}
