using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Transport;
using Grpc.Core;

namespace BucketProxy.Etcd.Watching;

/// <summary>One watch on one stream of its own (rule 8), from its opening to its end.</summary>
internal sealed class WatchStream : IDisposable
{
    public const string CallName = "Watch/Watch";

    private readonly AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse> _call;
    private readonly Attempt _attempt;
    private readonly EtcdEndpoint _endpoint;
    private readonly CancellationTokenSource _own;
    private readonly WatchCursor _cursor;
    private readonly TimeProvider _time;
    private readonly TimeSpan _progressInterval;
    private long _watchId;
    private Task<Wire.WatchResponse>? _reading;
    private Task _asking = Task.CompletedTask;

    private WatchStream(EtcdChannel channel, CallMetadata metadata, CancellationTokenSource own, WatchCursor cursor, TimeProvider time, TimeSpan progressInterval)
    {
        _endpoint = channel.Endpoint;
        _attempt = new Attempt(_endpoint, timeout: null);
        AttemptHandler.Follow(_attempt);
        _call = channel.Watch.Watch(new CallOptions(metadata.ToHeaders(), cancellationToken: own.Token));
        _own = own;
        _cursor = cursor;
        _time = time;
        _progressInterval = progressInterval;
    }

    public EtcdHeader Header { get; private set; }

    /// <summary>Opens a stream, and waits until the server says that the watch stands.</summary>
    /// <exception cref="CallFailure">It did not come to that.</exception>
    public static async Task<WatchStream> OpenAsync(
        EtcdChannel channel, KeyRange range, WatchCursor cursor, string? token, EtcdClientOptions options, TimeProvider time, CancellationToken cancel)
    {
        var own = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Rule 2: a member that loses its leader ends the stream instead of falling silent.
        var stream = new WatchStream(channel, new CallMetadata(token, RequireLeader: true), own, cursor, time, options.WatchProgressInterval);
        try
        {
            await stream.CreateAsync(range, options.CallTimeout, cancel).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The next changes or progress.</summary>
    /// <exception cref="CallFailure">The stream ended, in whatever way (rule 5).</exception>
    /// <exception cref="EtcdCompactedException">What was to be reported next is no longer kept.</exception>
    public async Task<WatchUpdate> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var answer = await ReceiveAsync(cancel).ConfigureAwait(false);
            ThrowIfCanceled(answer);
            WatchUpdate? update;
            try
            {
                update = _cursor.Take(answer, _watchId);
            }
            catch (InvalidDataException e)
            {
                throw new CallFailure(_endpoint, EtcdStatusCode.Internal, e.Message, Execution.Maybe, e);
            }
            if (update is not null)
                return update;
        }
    }

    public void Dispose()
    {
        _own.Cancel();
        _cursor.StreamEnded();
        // What is still under way ends with the stream; nobody waits for it any more.
        Forget(_reading);
        Forget(_asking);
        _call.Dispose();
        _own.Dispose();
    }

    private async Task CreateAsync(KeyRange range, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_own.Token, deadline.Token);
        var create = new Wire.WatchCreateRequest
        {
            Key = range.First.ToWire(),
            RangeEnd = range.End.ToWire(),
            StartRevision = _cursor.Next,
            ProgressNotify = true,
            Fragment = true,
        };
        try
        {
            Ask(new Wire.WatchRequest { CreateRequest = create });
            _reading = NextAsync();
            var answer = await _reading.WaitAsync(either.Token).ConfigureAwait(false);
            _reading = null;
            ThrowIfCanceled(answer);
            if (!answer.Created)
                throw new CallFailure(_endpoint, EtcdStatusCode.Internal, "the watch's first answer is not 'created'", Execution.Maybe);
            _watchId = answer.WatchId;
            Header = EtcdHeader.From(answer.Header);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new CallFailure(_endpoint, EtcdStatusCode.DeadlineExceeded, $"the watch did not open within {timeout.TotalSeconds:0.###} s", Execution.Maybe, e);
        }
    }

    /// <summary>The next answer. Asks for a sign of life when none comes, and gives the stream up when that is not answered either.</summary>
    private async Task<Wire.WatchResponse> ReceiveAsync(CancellationToken cancel)
    {
        _reading ??= NextAsync();
        for (var silent = 0; !_reading.IsCompleted && _progressInterval > TimeSpan.Zero; silent++)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            if (await Task.WhenAny(_reading, Task.Delay(_progressInterval, _time, wait.Token)).ConfigureAwait(false) == _reading)
            {
                await wait.CancelAsync().ConfigureAwait(false);
                break;
            }
            cancel.ThrowIfCancellationRequested();
            // Rule 6. Counted only here, where the reader waits: a slow reader is no silent server.
            if (silent > 1)
                throw new CallFailure(_endpoint, EtcdStatusCode.Unavailable, $"the stream is silent; {silent} progress requests were not answered", Execution.Maybe);
            Ask(new Wire.WatchRequest { ProgressRequest = new() });
        }
        var answer = await _reading.WaitAsync(cancel).ConfigureAwait(false);
        _reading = null;
        return answer;
    }

    private async Task<Wire.WatchResponse> NextAsync()
    {
        try
        {
            return await _call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false) ? _call.ResponseStream.Current : throw Ended();
        }
        catch (RpcException e) when (_own.IsCancellationRequested && _attempt.WasGivenUp(e))
        {
            throw new OperationCanceledException(e.Status.Detail, e);
        }
        catch (RpcException e)
        {
            throw _attempt.ToFailure(e);
        }
    }

    /// <summary>Sends a request, and does not wait until it has left: on a wedged connection it never does. Nor is another put behind it then; that
    /// no answer comes is what counts. A stream that cannot be written to has ended, and the read says how.</summary>
    private void Ask(Wire.WatchRequest request)
    {
        if (!_asking.IsCompleted)
            return;
        Forget(_asking);
        _asking = _call.RequestStream.WriteAsync(request);
    }

    private static void Forget(Task? task) =>
        task?.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private void ThrowIfCanceled(Wire.WatchResponse answer)
    {
        if (!answer.Canceled)
            return;
        // Rule 4.
        if (answer.CompactRevision > 0)
            throw new EtcdCompactedException(CallName, _endpoint, answer.CompactRevision, $"revision {_cursor.Next} is compacted; {answer.CompactRevision} is the oldest kept");
        var reason = answer.CancelReason.Length > 0 ? answer.CancelReason : "the server cancelled the watch and gave no reason";
        var denied = reason.Contains("permission denied", StringComparison.Ordinal) || reason.Contains("auth token", StringComparison.Ordinal);
        throw CallFailure.FromStatus(_endpoint, denied ? EtcdStatusCode.PermissionDenied : EtcdStatusCode.Cancelled, reason);
    }

    private CallFailure Ended() =>
        new(_endpoint, EtcdStatusCode.Ok, "the server ended the stream", Execution.Maybe);
}
