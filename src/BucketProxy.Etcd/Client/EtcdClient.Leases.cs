using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Leases;
using BucketProxy.Etcd.Transport;
using Grpc.Core;

namespace BucketProxy.Etcd.Client;

public sealed partial class EtcdClient
{
    private static readonly EtcdMethod<Wire.LeaseGrantRequest, Wire.LeaseGrantResponse> GrantMethod =
        new("Lease/LeaseGrant", static (channel, request, options) => channel.Lease.LeaseGrantAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.LeaseRevokeRequest, Wire.LeaseRevokeResponse> RevokeMethod =
        new("Lease/LeaseRevoke", static (channel, request, options) => channel.Lease.LeaseRevokeAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse> KeepAliveMethod =
        new("Lease/LeaseKeepAlive", static (channel, request, options) => KeepAliveOnceAsync(channel.Lease.LeaseKeepAlive(options), request));
    private static readonly EtcdMethod<Wire.LeaseTimeToLiveRequest, Wire.LeaseTimeToLiveResponse> TimeToLiveMethod =
        new("Lease/LeaseTimeToLive", static (channel, request, options) => channel.Lease.LeaseTimeToLiveAsync(request, options).ResponseAsync);

    /// <summary>Makes a lease.</summary>
    /// <param name="ttl">How long it lives without renewal, in whole seconds rounded up; at least 1 s.</param>
    /// <param name="id">Its number; 0: the server picks one.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="EtcdOutcomeUnknownException">It was sent, and no answer came: a lease may be left over, which ends by itself.</exception>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<LeaseGrant> GrantLeaseAsync(TimeSpan ttl, long id = 0, CancellationToken cancel = default)
    {
        // Before 3.4.20 a negative number could bring the members out of step (etcd pull 14239).
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfLessThan(ttl, TimeSpan.FromSeconds(1));
        var request = new Wire.LeaseGrantRequest { TTL = (long)Math.Ceiling(ttl.TotalSeconds), ID = id };
        var answer = await _caller.CallAsync(GrantMethod, request, CallKind.Write, cancel).ConfigureAwait(false);
        return answer.Error.Length == 0
            ? new LeaseGrant(EtcdHeader.From(answer.Header), answer.ID, TimeSpan.FromSeconds(answer.TTL))
            : throw new EtcdException(GrantMethod.Name, endpoint: null, EtcdStatusCode.Unknown, answer.Error);
    }

    /// <summary>Renews a lease once, on a stream of its own with a deadline, so that no renewal waits behind another.</summary>
    /// <exception cref="EtcdLeaseNotFoundException">The lease is gone (the server says TTL 0).</exception>
    /// <exception cref="EtcdException">It failed; the lease may or may not have been renewed.</exception>
    public async Task<LeaseRenewal> KeepLeaseAliveAsync(long id, CancellationToken cancel = default)
    {
        // Rule 9: it counts from here. Should it be sent again, the first sending is the careful choice.
        var sentAt = _time.GetTimestamp();
        var request = new Wire.LeaseKeepAliveRequest { ID = id };
        var answer = await _caller.CallAsync(KeepAliveMethod, request, CallKind.Read, cancel).ConfigureAwait(false);
        return answer.TTL > 0
            ? new LeaseRenewal(EtcdHeader.From(answer.Header), id, TimeSpan.FromSeconds(answer.TTL), sentAt)
            : throw new EtcdLeaseNotFoundException(KeepAliveMethod.Name, endpoint: null, id, $"lease {id:x} is gone");
    }

    /// <summary>Ends a lease; all its keys are deleted.</summary>
    /// <exception cref="EtcdLeaseNotFoundException">There is none.</exception>
    /// <exception cref="EtcdOutcomeUnknownException">It was sent, and no answer came.</exception>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<EtcdHeader> RevokeLeaseAsync(long id, CancellationToken cancel = default)
    {
        try
        {
            var answer = await _caller.CallAsync(RevokeMethod, new Wire.LeaseRevokeRequest { ID = id }, CallKind.Write, cancel).ConfigureAwait(false);
            return EtcdHeader.From(answer.Header);
        }
        catch (EtcdException e) when (e.Status == EtcdStatusCode.NotFound)
        {
            throw new EtcdLeaseNotFoundException(e.Call, e.Endpoint, id, e.Detail);
        }
    }

    /// <summary>Asks how long a lease still has.</summary>
    /// <param name="id">Which.</param>
    /// <param name="keys">Ask also for the keys that hang on it.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="EtcdLeaseNotFoundException">There is none (the server says TTL −1).</exception>
    /// <exception cref="EtcdException">It failed.</exception>
    public async Task<LeaseLife> LeaseTimeToLiveAsync(long id, bool keys = false, CancellationToken cancel = default)
    {
        var request = new Wire.LeaseTimeToLiveRequest { ID = id, Keys = keys };
        var answer = await _caller.CallAsync(TimeToLiveMethod, request, CallKind.Read, cancel).ConfigureAwait(false);
        return answer.TTL >= 0
            ? new LeaseLife(EtcdHeader.From(answer.Header), id, TimeSpan.FromSeconds(answer.TTL), TimeSpan.FromSeconds(answer.GrantedTTL), [.. answer.Keys.Select(EtcdBytes.FromWire)])
            : throw new EtcdLeaseNotFoundException(TimeToLiveMethod.Name, endpoint: null, id, $"lease {id:x} is gone");
    }

    private static async Task<Wire.LeaseKeepAliveResponse> KeepAliveOnceAsync(
        AsyncDuplexStreamingCall<Wire.LeaseKeepAliveRequest, Wire.LeaseKeepAliveResponse> call, Wire.LeaseKeepAliveRequest request)
    {
        using (call)
        {
            try
            {
                await call.RequestStream.WriteAsync(request).ConfigureAwait(false);
                await call.RequestStream.CompleteAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or IOException or HttpRequestException)
            {
                // How the call ended is what its answer's side says, next.
            }
            var answer = await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false) ? call.ResponseStream.Current : null;
            // Read on to the end: the status stands there, and an answer without a good one is none.
            return answer is null || await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false)
                ? throw new RpcException(new Status(StatusCode.Internal, $"the answer holds {(answer is null ? "no" : "more than one")} message"))
                : answer;
        }
    }
}
