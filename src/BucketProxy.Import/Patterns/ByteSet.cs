namespace BucketProxy.Import.Patterns;

/// <summary>A set of bytes: what one place of a pattern takes.</summary>
/// <param name="Low">A bit for each of 0 to 127.</param>
/// <param name="High">A bit for each of 128 to 255.</param>
internal readonly record struct ByteSet(UInt128 Low, UInt128 High)
{
    public static ByteSet None => default;

    public static ByteSet All => new(UInt128.MaxValue, UInt128.MaxValue);

    public static ByteSet Digits { get; } = Range('0', '9');

    public static ByteSet Letters { get; } = Range('a', 'z') | Range('A', 'Z');

    public static ByteSet Words { get; } = Digits | Letters | Of('_');

    public static ByteSet Spaces { get; } = Range('\t', '\r') | Of(' ');

    public static ByteSet Of(char c) => Range(c, c);

    /// <summary>From one to the other, both included.</summary>
    public static ByteSet Range(char first, char last)
    {
        var set = None;
        for (int c = first; c <= last; c++)
            set = c < 128 ? set with { Low = set.Low | (UInt128.One << c) } : set with { High = set.High | (UInt128.One << (c - 128)) };
        return set;
    }

    public static ByteSet operator |(ByteSet a, ByteSet b) => new(a.Low | b.Low, a.High | b.High);

    public static ByteSet operator ~(ByteSet a) => new(~a.Low, ~a.High);

    public bool Contains(byte c) => ((c < 128 ? Low >> c : High >> (c - 128)) & UInt128.One) != 0;

    /// <summary>With the other case of each of its ASCII letters.</summary>
    public ByteSet InAnyCase()
    {
        var set = this;
        for (var c = 'a'; c <= 'z'; c++)
        {
            if (Contains((byte)c) || Contains((byte)char.ToUpperInvariant(c)))
                set |= Of(c) | Of(char.ToUpperInvariant(c));
        }
        return set;
    }
}
