namespace BucketProxy.Etcd.Kv;

/// <summary>A run of keys: one key, all that begin with a prefix, or everything between two.</summary>
public readonly record struct KeyRange
{
    private static readonly byte[] Zero = [0];

    private KeyRange(EtcdBytes first, EtcdBytes end)
    {
        First = first;
        End = end;
    }

    /// <summary>The first key.</summary>
    public EtcdBytes First { get; }

    /// <summary>The first key after the run. Empty: the run is the one key <see cref="First"/>. A single zero byte: no end.</summary>
    public EtcdBytes End { get; }

    /// <summary>Every key there is.</summary>
    public static KeyRange All => new(Zero, Zero);

    /// <summary>One key.</summary>
    /// <exception cref="ArgumentException">The key is empty: etcd has no empty keys.</exception>
    public static KeyRange Key(EtcdBytes key) => new(NotEmpty(key, nameof(key)), default);

    /// <summary>All keys that begin with the prefix; an empty prefix means every key.</summary>
    public static KeyRange Prefix(EtcdBytes prefix) => prefix.IsEmpty ? All : new(prefix, Successor(prefix));

    /// <summary>All keys from the first up to, and without, the end.</summary>
    /// <exception cref="ArgumentException">One of the two is empty, or the end does not come after the first.</exception>
    public static KeyRange Between(EtcdBytes first, EtcdBytes end)
    {
        NotEmpty(first, nameof(first));
        NotEmpty(end, nameof(end));
        return first < end ? new(first, end) : throw new ArgumentException($"the end '{end}' does not come after the first key '{first}'", nameof(end));
    }

    /// <summary>All keys from the first on.</summary>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    public static KeyRange From(EtcdBytes first) => new(NotEmpty(first, nameof(first)), Zero);

    /// <summary>Whether the key lies in the run.</summary>
    public bool Contains(EtcdBytes key) =>
        End.IsEmpty ? key == First : key >= First && (IsOpen || key < End);

    /// <summary>The smallest run that holds both.</summary>
    public KeyRange Span(KeyRange other)
    {
        var first = First <= other.First ? First : other.First;
        if (IsOpen || other.IsOpen)
            return new(first, Zero);
        var (end, otherEnd) = (EndOrNext(), other.EndOrNext());
        return new(first, end >= otherEnd ? end : otherEnd);
    }

    /// <inheritdoc/>
    public override string ToString() => End.IsEmpty ? $"'{First}'" : IsOpen ? $"['{First}', …)" : $"['{First}', '{End}')";

    private bool IsOpen => End.Span is [0];

    // The key that follows directly on a single key is the same with a zero byte after it.
    private EtcdBytes EndOrNext() => End.IsEmpty ? (byte[])[.. First.Span, 0] : End;

    private static EtcdBytes Successor(EtcdBytes prefix)
    {
        // The last byte that can still grow, grows; bytes 0xff after it fall away. Only 0xff bytes: there is no end.
        var last = prefix.Span.LastIndexOfAnyExcept((byte)0xff);
        if (last < 0)
            return Zero;
        var end = prefix.Span[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }

    private static EtcdBytes NotEmpty(EtcdBytes key, string name) =>
        key.IsEmpty ? throw new ArgumentException("a key is at least one byte", name) : key;
}
