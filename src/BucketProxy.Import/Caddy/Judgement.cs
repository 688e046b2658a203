using BucketProxy.Import.Patterns;
using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>Yes or no, as far as conditions decide it.</summary>
internal static class Judgement
{
    public static Decision<bool> Yes { get; } = new Decision<bool>.Is(true);

    public static Decision<bool> No { get; } = new Decision<bool>.Is(false);

    public static Decision<bool> Of(Subject subject, Automaton pattern, string? argument = null) =>
        new Decision<bool>.Asks(new Condition(subject, argument, pattern), Yes, No);

    public static Decision<bool> And(this Decision<bool> left, Decision<bool> right) => left.Then(l => l ? right : No);

    public static Decision<bool> Or(this Decision<bool> left, Decision<bool> right) => left.Then(l => l ? Yes : right);

    public static Decision<bool> Not(this Decision<bool> of) => of.Then(v => v ? No : Yes);

    /// <summary>A text taken as it is, as a part of a pattern.</summary>
    public static string Escape(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? c.ToString() : $"\\{c}"));
}
