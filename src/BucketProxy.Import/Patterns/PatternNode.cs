namespace BucketProxy.Import.Patterns;

/// <summary>A part of a pattern.</summary>
internal abstract record PatternNode
{
    private PatternNode()
    {
    }

    /// <summary>One byte out of a set.</summary>
    public sealed record One(ByteSet Set) : PatternNode;

    /// <summary>One after the other; none: the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>Any of them.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>As often as that.</summary>
    /// <param name="Part">What is repeated.</param>
    /// <param name="Min">At least so often.</param>
    /// <param name="Max">At most so often; null: without end.</param>
    public sealed record Repeat(PatternNode Part, int Min, int? Max) : PatternNode;

    /// <summary>A place in the text, without a byte of its own.</summary>
    public sealed record Place(PlaceKind Kind) : PatternNode;
}

/// <summary>Places that a pattern may ask for.</summary>
internal enum PlaceKind
{
    /// <summary>The text's beginning.</summary>
    Start,

    /// <summary>The text's end.</summary>
    End,

    /// <summary>Between a word's byte and another's.</summary>
    WordEdge,

    /// <summary>Anywhere else.</summary>
    NoWordEdge,
}
