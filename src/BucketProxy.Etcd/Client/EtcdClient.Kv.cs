using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Kv;
using BucketProxy.Etcd.Transport;

namespace BucketProxy.Etcd.Client;

public sealed partial class EtcdClient
{
    private static readonly EtcdMethod<Wire.RangeRequest, Wire.RangeResponse> RangeMethod =
        new("KV/Range", static (channel, request, options) => channel.Kv.RangeAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.PutRequest, Wire.PutResponse> PutMethod =
        new("KV/Put", static (channel, request, options) => channel.Kv.PutAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.DeleteRangeRequest, Wire.DeleteRangeResponse> DeleteMethod =
        new("KV/DeleteRange", static (channel, request, options) => channel.Kv.DeleteRangeAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.TxnRequest, Wire.TxnResponse> TxnMethod =
        new("KV/Txn", static (channel, request, options) => channel.Kv.TxnAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.CompactionRequest, Wire.CompactionResponse> CompactMethod =
        new("KV/Compact", static (channel, request, options) => channel.Kv.CompactAsync(request, options).ResponseAsync);

    /// <summary>Reads keys; linearizable unless the options say otherwise.</summary>
    /// <exception cref="Errors.EtcdCompactedException">The options ask for a revision that is no longer kept.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<RangeResult> RangeAsync(KeyRange range, RangeOptions? options = null, CancellationToken cancel = default)
    {
        options ??= RangeOptions.Default;
        var kind = options.Serializable ? CallKind.LocalRead : CallKind.Read;
        var answer = await _caller.CallAsync(RangeMethod, options.ToWire(range), kind, cancel).ConfigureAwait(false);
        return RangeResult.From(answer, EtcdHeader.From(answer.Header));
    }

    /// <summary>Sets a key; with a lease, the key dies with it.</summary>
    /// <exception cref="Errors.EtcdOutcomeUnknownException">It was sent, and no answer came.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<PutResult> PutAsync(EtcdBytes key, EtcdBytes value, long lease = 0, CancellationToken cancel = default)
    {
        var answer = await _caller.CallAsync(PutMethod, Requests.Put(key, value, lease), CallKind.Write, cancel).ConfigureAwait(false);
        return new PutResult(EtcdHeader.From(answer.Header));
    }

    /// <summary>Deletes keys.</summary>
    /// <exception cref="Errors.EtcdOutcomeUnknownException">It was sent, and no answer came.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<DeleteResult> DeleteAsync(KeyRange range, CancellationToken cancel = default)
    {
        var answer = await _caller.CallAsync(DeleteMethod, Requests.Delete(range), CallKind.Write, cancel).ConfigureAwait(false);
        return new DeleteResult(EtcdHeader.From(answer.Header), answer.Deleted);
    }

    /// <summary>Carries a transaction out: all of it, or nothing.</summary>
    /// <exception cref="Errors.EtcdOutcomeUnknownException">It writes, was sent, and no answer came.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<TxnResult> TxnAsync(Transaction transaction, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var kind = transaction switch
        {
            { IsLocal: true } => CallKind.LocalRead,
            { IsReadOnly: true } => CallKind.Read,
            _ => CallKind.Write,
        };
        var answer = await _caller.CallAsync(TxnMethod, transaction.ToWire(), kind, cancel).ConfigureAwait(false);
        var header = EtcdHeader.From(answer.Header);
        return new TxnResult(header, answer.Succeeded, [.. answer.Responses.Select(r => OperationResult.From(r, header))]);
    }

    /// <summary>Forgets what was before a revision; what stands stays.</summary>
    /// <param name="revision">The oldest revision to keep.</param>
    /// <param name="physical">Answer only when the space is free.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="Errors.EtcdCompactedException">It is forgotten already.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<EtcdHeader> CompactAsync(long revision, bool physical = false, CancellationToken cancel = default)
    {
        var request = new Wire.CompactionRequest { Revision = revision, Physical = physical };
        return EtcdHeader.From((await _caller.CallAsync(CompactMethod, request, CallKind.Write, cancel).ConfigureAwait(false)).Header);
    }
}
