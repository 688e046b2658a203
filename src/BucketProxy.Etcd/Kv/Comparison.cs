namespace BucketProxy.Etcd.Kv;

/// <summary>How a comparison of a transaction relates what is stored to what is given.</summary>
public enum Relation
{
    /// <summary>Stored = given.</summary>
    Equal,

    /// <summary>Stored &gt; given.</summary>
    Greater,

    /// <summary>Stored &lt; given.</summary>
    Less,

    /// <summary>Stored ≠ given.</summary>
    NotEqual,
}

/// <summary>A condition on one key. All conditions of a transaction must hold for its success branch to run.</summary>
/// <remarks>A key that does not exist has version, create- and mod-revision and lease 0. A comparison of the <i>value</i> of a key that
/// does not exist never holds, whatever the relation.</remarks>
public sealed record Comparison
{
    private readonly Wire.Compare _wire;

    private Comparison(Wire.Compare wire) => _wire = wire;

    /// <summary>The key exists.</summary>
    public static Comparison Exists(EtcdBytes key) => Version(key, Relation.Greater, 0);

    /// <summary>The key does not exist.</summary>
    public static Comparison Missing(EtcdBytes key) => Version(key, Relation.Equal, 0);

    /// <summary>Compares the value.</summary>
    public static Comparison Value(EtcdBytes key, Relation relation, EtcdBytes value) =>
        Make(key, relation, Wire.Compare.Types.CompareTarget.Value, wire => wire.Value = value.ToWire());

    /// <summary>Compares how often the key was changed in its present life.</summary>
    public static Comparison Version(EtcdBytes key, Relation relation, long version) =>
        Make(key, relation, Wire.Compare.Types.CompareTarget.Version, wire => wire.Version = version);

    /// <summary>Compares the revision that created the key.</summary>
    public static Comparison CreateRevision(EtcdBytes key, Relation relation, long revision) =>
        Make(key, relation, Wire.Compare.Types.CompareTarget.Create, wire => wire.CreateRevision = revision);

    /// <summary>Compares the revision that last changed the key.</summary>
    public static Comparison ModRevision(EtcdBytes key, Relation relation, long revision) =>
        Make(key, relation, Wire.Compare.Types.CompareTarget.Mod, wire => wire.ModRevision = revision);

    /// <summary>Compares the lease that the key hangs on.</summary>
    public static Comparison Lease(EtcdBytes key, Relation relation, long lease) =>
        Make(key, relation, Wire.Compare.Types.CompareTarget.Lease, wire => wire.Lease = lease);

    /// <inheritdoc/>
    public override string ToString() => $"{_wire.Target} of '{EtcdBytes.FromWire(_wire.Key)}' {_wire.Result}";

    internal Wire.Compare ToWire() => _wire.Clone();

    private static Comparison Make(EtcdBytes key, Relation relation, Wire.Compare.Types.CompareTarget target, Action<Wire.Compare> setOperand)
    {
        if (key.IsEmpty)
            throw new ArgumentException("a key is at least one byte", nameof(key));
        var wire = new Wire.Compare
        {
            Key = key.ToWire(),
            Target = target,
            Result = relation switch
            {
                Relation.Equal => Wire.Compare.Types.CompareResult.Equal,
                Relation.Greater => Wire.Compare.Types.CompareResult.Greater,
                Relation.Less => Wire.Compare.Types.CompareResult.Less,
                Relation.NotEqual => Wire.Compare.Types.CompareResult.NotEqual,
                _ => throw new ArgumentOutOfRangeException(nameof(relation), relation, "no such relation"),
            },
        };
        setOperand(wire);
        return new Comparison(wire);
    }
}
