using System.Collections.Immutable;

namespace BucketProxy.Etcd.Kv;

/// <summary>One step of a transaction's branch.</summary>
public sealed record Operation
{
    private readonly Wire.RequestOp _wire;

    private Operation(Wire.RequestOp wire) => _wire = wire;

    /// <summary>Whether it changes nothing.</summary>
    public bool IsRead => _wire.RequestCase == Wire.RequestOp.RequestOneofCase.RequestRange;

    /// <summary>Whether one member's word will do for it.</summary>
    internal bool IsLocalRead => IsRead && _wire.RequestRange.Serializable;

    /// <summary>Sets a key; with a lease, the key dies with it.</summary>
    public static Operation Put(EtcdBytes key, EtcdBytes value, long lease = 0) =>
        new(new Wire.RequestOp { RequestPut = Requests.Put(key, value, lease) });

    /// <summary>Deletes keys.</summary>
    public static Operation Delete(KeyRange range) =>
        new(new Wire.RequestOp { RequestDeleteRange = Requests.Delete(range) });

    /// <summary>Reads keys. All ranges of one transaction see the same revision.</summary>
    public static Operation Range(KeyRange range, RangeOptions? options = null) =>
        new(new Wire.RequestOp { RequestRange = (options ?? RangeOptions.Default).ToWire(range) });

    internal Wire.RequestOp ToWire() => _wire.Clone();
}

/// <summary>All or nothing: if every comparison holds, the first branch is carried out, else the second.</summary>
/// <remarks>etcd allows 128 operations and 128 comparisons by default, and one write per key.</remarks>
public sealed record Transaction
{
    /// <summary>The conditions; none: the success branch runs.</summary>
    public ImmutableArray<Comparison> When { get; init; } = [];

    /// <summary>What to do when all of them hold.</summary>
    public ImmutableArray<Operation> Then { get; init; } = [];

    /// <summary>What to do when one of them does not.</summary>
    public ImmutableArray<Operation> Else { get; init; } = [];

    /// <summary>Whether it changes nothing, whichever branch runs. Such a one may be sent twice.</summary>
    public bool IsReadOnly => Then.All(o => o.IsRead) && Else.All(o => o.IsRead);

    /// <summary>Whether it is answered by one member, without asking the others.</summary>
    internal bool IsLocal => Then.All(o => o.IsLocalRead) && Else.All(o => o.IsLocalRead) && Then.Length + Else.Length > 0;

    internal Wire.TxnRequest ToWire() => new()
    {
        Compare = { When.Select(c => c.ToWire()) },
        Success = { Then.Select(o => o.ToWire()) },
        Failure = { Else.Select(o => o.ToWire()) },
    };
}
