using System.Runtime.CompilerServices;
using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Transport;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Etcd.Watching;

/// <summary>A watch that outlives its streams: whatever ends one (rule 5), the next is opened at the next endpoint where the last left off.</summary>
internal sealed class ResilientWatch(
    KeyRange range, long fromRevision, EtcdClientOptions options, EndpointRing ring, Caller caller, TimeProvider time, ILogger log)
{
    private readonly Backoff _backoff = new(options.RetryDelay, options.MaxRetryDelay);
    private readonly WatchCursor _cursor = new(fromRevision);
    private ulong _cluster;

    public async IAsyncEnumerable<WatchUpdate> RunAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var failures = 0;
        while (true)
        {
            var channel = ring.Current;
            CallFailure? failure;
            WatchStream? stream;
            (stream, failure) = await OpenAsync(channel, cancel).ConfigureAwait(false);
            if (stream is not null)
            {
                using (stream)
                {
                    ThrowIfOtherCluster(stream.Header, channel.Endpoint);
                    log.WatchOpen(range, channel.Endpoint, _cursor.Next);
                    yield return new WatchOpened(channel.Endpoint, stream.Header, _cursor.Next);
                    while (true)
                    {
                        WatchUpdate? update;
                        (update, failure) = await ReadAsync(stream, cancel).ConfigureAwait(false);
                        if (update is null)
                            break;
                        failures = 0;
                        yield return update;
                    }
                }
            }
            ring.Leave(channel);
            log.WatchInterrupted(range, channel.Endpoint, failure!.Status, failure.Detail, _cursor.Next);
            yield return new WatchInterrupted(Failures.ToPublic(WatchStream.CallName, failure, repeatable: true));
            await Task.Delay(_backoff.Delay(failures++), time, cancel).ConfigureAwait(false);
        }
    }

    private async Task<(WatchStream?, CallFailure?)> OpenAsync(EtcdChannel channel, CancellationToken cancel)
    {
        try
        {
            var token = await caller.TokenAsync(channel, refused: null, cancel).ConfigureAwait(false);
            try
            {
                return (await OpenWithAsync(token).ConfigureAwait(false), null);
            }
            catch (CallFailure f) when (token is not null && MayBeTokens(f) && caller.MayRenew)
            {
                return (await caller.RenewedAsync(channel, token, OpenWithAsync, MayBeTokens, cancel).ConfigureAwait(false), null);
            }
        }
        catch (CallFailure f) when (f.Execution == Execution.Refused)
        {
            throw Failures.ToPublic(WatchStream.CallName, f, repeatable: true);
        }
        catch (CallFailure f)
        {
            return (null, f);
        }

        Task<WatchStream> OpenWithAsync(TokenSource.Token? token) => WatchStream.OpenAsync(channel, range, _cursor, token?.Value, options, time, cancel);
    }

    // A watch with a token that ran out is not answered "unauthenticated" but "permission denied".
    private static bool MayBeTokens(CallFailure f) => f.IsTokenTrouble || f.Status == EtcdStatusCode.PermissionDenied;

    private static async Task<(WatchUpdate?, CallFailure?)> ReadAsync(WatchStream stream, CancellationToken cancel)
    {
        try
        {
            return (await stream.ReadAsync(cancel).ConfigureAwait(false), null);
        }
        catch (CallFailure f)
        {
            return (null, f);
        }
    }

    private void ThrowIfOtherCluster(EtcdHeader header, EtcdEndpoint endpoint)
    {
        if (_cluster != 0 && header.ClusterId != _cluster)
            throw new EtcdClusterChangedException(WatchStream.CallName, endpoint, _cluster, header.ClusterId);
        _cluster = header.ClusterId;
    }
}
