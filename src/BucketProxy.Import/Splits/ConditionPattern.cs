using BucketProxy.Import.Patterns;

namespace BucketProxy.Import.Splits;

/// <summary>Reads a pattern of a configuration.</summary>
internal static class ConditionPattern
{
    /// <param name="pattern">The pattern, which may stand anywhere in a text.</param>
    /// <param name="anyCase">Letters match in either case.</param>
    /// <param name="refuse">Says where it stands.</param>
    /// <exception cref="ImportException">It is none, or not understood.</exception>
    public static Automaton Read(string pattern, bool anyCase, Func<string, ImportException> refuse)
    {
        try
        {
            return Automaton.Search(pattern, anyCase);
        }
        catch (PatternException e)
        {
            throw refuse($"has a pattern that cannot be read: {e.Message}");
        }
    }
}
