using System.Collections.Immutable;

namespace BucketProxy.Etcd.Kv;

/// <summary>The answer to a range.</summary>
/// <param name="Header">Its revision is the one that the whole answer was read at, unless an older one was asked for.</param>
/// <param name="KeyValues">The keys found, in key order.</param>
/// <param name="More">Whether the limit cut some off.</param>
/// <param name="Count">How many keys the range holds, whatever the limit.</param>
public sealed record RangeResult(EtcdHeader Header, ImmutableArray<KeyValue> KeyValues, bool More, long Count)
{
    internal static RangeResult From(Wire.RangeResponse answer, EtcdHeader header) =>
        new(header, [.. answer.Kvs.Select(KeyValue.From)], answer.More, answer.Count);
}

/// <summary>The answer to a put.</summary>
/// <param name="Header">Its revision is the key's new mod-revision.</param>
public sealed record PutResult(EtcdHeader Header);

/// <summary>The answer to a deletion.</summary>
/// <param name="Header">Its revision is that of the deletion, if anything was deleted.</param>
/// <param name="Deleted">How many keys were deleted.</param>
public sealed record DeleteResult(EtcdHeader Header, long Deleted);

/// <summary>The answer to a transaction.</summary>
/// <param name="Header">Its revision is that of all the transaction's writes, if it wrote.</param>
/// <param name="Succeeded">Whether every comparison held.</param>
/// <param name="Results">One per operation that was carried out, in order.</param>
public sealed record TxnResult(EtcdHeader Header, bool Succeeded, ImmutableArray<OperationResult> Results);

/// <summary>What one operation of a transaction gave: <see cref="Range"/> for a range, <see cref="Deleted"/> for a deletion.</summary>
/// <param name="Range">What a range found; its header is the transaction's.</param>
/// <param name="Deleted">How many keys a deletion deleted.</param>
public sealed record OperationResult(RangeResult? Range, long Deleted)
{
    internal static OperationResult From(Wire.ResponseOp answer, EtcdHeader header) => answer.ResponseCase switch
    {
        Wire.ResponseOp.ResponseOneofCase.ResponseRange => new(RangeResult.From(answer.ResponseRange, header), 0),
        Wire.ResponseOp.ResponseOneofCase.ResponseDeleteRange => new(null, answer.ResponseDeleteRange.Deleted),
        _ => new(null, 0),
    };
}
