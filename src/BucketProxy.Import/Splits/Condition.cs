using BucketProxy.Import.Patterns;

namespace BucketProxy.Import.Splits;

/// <summary>What a request is asked for: whether one of its texts holds a pattern.</summary>
/// <param name="Subject">Which text.</param>
/// <param name="Argument">The query parameter, where the text is one's value.</param>
/// <param name="Pattern">Judges it.</param>
internal sealed record Condition(Subject Subject, string? Argument, Automaton Pattern)
{
    public bool Equals(Condition? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>A text of a request.</summary>
internal enum Subject
{
    /// <summary>Path and query, as the client sent them.</summary>
    Target,

    /// <summary>The path with percent-encoding undone.</summary>
    Path,

    /// <summary>The query, as the client sent it, without the '?'.</summary>
    Query,

    /// <summary>The value of the first query parameter of a name, as the client sent it; empty where there is none.</summary>
    Argument,

    /// <summary>The values of all query parameters of a name in its very case, with percent-encoding undone and commas between them.</summary>
    DecodedArgument,
}
