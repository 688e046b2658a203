namespace BucketProxy.Etcd.Kv;

/// <summary>How to read a range.</summary>
public sealed record RangeOptions
{
    /// <summary>The newest state, agreed by a quorum, with all values.</summary>
    public static RangeOptions Default { get; } = new();

    /// <summary>Read what the asked member has, without asking the others: fast, answers also without a quorum, and may be old.</summary>
    public bool Serializable { get; init; }

    /// <summary>Read the state at this revision; 0 for the newest. A compacted one is a <see cref="Errors.EtcdCompactedException"/>.</summary>
    public long Revision { get; init; }

    /// <summary>At most this many keys; 0 for all.</summary>
    public long Limit { get; init; }

    /// <summary>Leave the values out.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Only count.</summary>
    public bool CountOnly { get; init; }

    internal Wire.RangeRequest ToWire(KeyRange range) => new()
    {
        Key = range.First.ToWire(),
        RangeEnd = range.End.ToWire(),
        Limit = Limit,
        Revision = Revision,
        Serializable = Serializable,
        KeysOnly = KeysOnly,
        CountOnly = CountOnly,
    };
}
