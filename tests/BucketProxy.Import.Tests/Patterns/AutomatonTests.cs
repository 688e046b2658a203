using System.Text;
using System.Text.RegularExpressions;
using BucketProxy.Import.Patterns;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests.Patterns;

public sealed class AutomatonTests
{
    private static bool Finds(string pattern, string text, bool anyCase = false)
    {
        var automaton = Automaton.Search(pattern, anyCase);
        return automaton.Accepts(automaton.Next(automaton.Start, text));
    }

    [Theory]
    [InlineData("[0-9a-f]{7}-", "xx1234567-", true)]
    [InlineData("^/a(b|c)+d?$", "/abcbd", true)]
    [InlineData("^/a(b|c)+d?$", "/abcbdx", false)]
    [InlineData("a{2,3}b", "ab", false)]
    [InlineData("a{2,3}b", "caaaab", true)]
    [InlineData("a{0}b{x", "b{x", true)]
    [InlineData(@"\bff\b", "/ff-", true)]
    [InlineData(@"\bff\b", "/fff-", false)]
    [InlineData(@"\Bf$", "af", true)]
    [InlineData("[^/]+/$", "a/", true)]
    [InlineData("[]-]x", "]x", true)]
    [InlineData("[[:xdigit:]-]{4}", "F-a9", true)]
    [InlineData(@"[\d.]\.", "7.", true)]
    [InlineData("(?i)AB", "ab", true)]
    [InlineData("(?i)[^a]", "A", false)]
    [InlineData("(?i:A)B", "aB", true)]
    [InlineData("(?i:A)B", "ab", false)]
    [InlineData("a(?i)b|C", "c", true)]
    [InlineData("(?<name>a)(?:b)", "ab", true)]
    [InlineData(@"\x41\x{42}", "AB", true)]
    [InlineData("a.*?b$", "a--b", true)]
    [InlineData("", "", true)]
    [InlineData("^$", "x", false)]
    public void Search_APattern_FindsWhatPcreFinds(string pattern, string text, bool expected) => Assert.Equal(expected, Finds(pattern, text));

    [Theory]
    [InlineData("(?=a)", "looking ahead")]
    [InlineData("(?<!a)", "looking back")]
    [InlineData(@"(a)\1", "'\\1' is not understood")]
    [InlineData("a++", "possessive")]
    [InlineData("(a", "a '(' that is not closed")]
    [InlineData("a)", "a ')' that closes nothing")]
    [InlineData("[a", "a '[' that is not closed")]
    [InlineData("*a", "a '*' behind nothing")]
    [InlineData("[z-a]", "a range out of order")]
    [InlineData("a{3,2}", "a count out of order")]
    [InlineData("a{,3}", "means different things")]
    [InlineData(@"\Qa\E", "'\\Q' is not understood")]
    [InlineData("a\\", "a backslash behind which nothing stands")]
    [InlineData("ü", "no visible ASCII")]
    [InlineData("((){1000}){1000}", "more than 20000 steps")]
    [InlineData("(((((a{1000}){1000}){1000}){1000}){1000})", "more than 20000 steps")]
    public void Search_WhatIsNotUnderstood_IsRefusedByName(string pattern, string expected) =>
        Assert.Contains(expected, Assert.Throws<PatternException>(() => Automaton.Search(pattern, anyCase: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void Search_GroupsWithoutEnd_EndInAMessage() => Assert.Contains(
        "more than 100 groups", Assert.Throws<PatternException>(() => Automaton.Search(new string('(', 100_000), anyCase: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void Text_AnyCase_IsTheWholeTextOnly()
    {
        var automaton = Automaton.Text("/Ping/", anyCase: true);
        Assert.True(automaton.Accepts(automaton.Next(automaton.Start, "/pING/")));
        Assert.False(automaton.Accepts(automaton.Next(automaton.Start, "/ping/x")));
        Assert.False(automaton.Accepts(automaton.Next(automaton.Start, "x/ping/")));
    }

    [Fact]
    public void Prefix_ACase_IsWhatTextsBeginWith()
    {
        var automaton = Automaton.Prefix("/a", anyCase: false);
        Assert.True(automaton.Accepts(automaton.Next(automaton.Start, "/ab")));
        Assert.False(automaton.Accepts(automaton.Next(automaton.Start, "/Ab")));
    }

    // .NET's own engine as the other opinion. (Its backtracking one takes "/+\B" for atomic, and misses "//_".)
    [Fact]
    public Task Search_AnyPatternOfTheGrammar_FindsWhatDotNetFinds() => Seeded.RunAsync(1500, random =>
    {
        var (pattern, anyCase) = (Choice(random, 3), random.Next(2) == 0);
        var options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | (anyCase ? RegexOptions.IgnoreCase : RegexOptions.None);
        // '$' of .NET also stands in front of a last line feed, of which there is none in these texts.
        var other = new Regex(pattern, options, TimeSpan.FromSeconds(20));
        var automaton = Automaton.Search(pattern, anyCase);
        for (var i = 0; i < 40; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(10)).Select(_ => "abAB01-/_"[random.Next(9)])]);
            Assert.True(other.IsMatch(text) == automaton.Accepts(automaton.Next(automaton.Start, text)), $"'{pattern}' (any case: {anyCase}) in '{text}'");
        }
        return Task.CompletedTask;
    });

    private static string Choice(Random random, int depth) =>
        string.Join('|', Enumerable.Range(0, random.Next(4) == 0 ? 2 : 1).Select(_ => Sequence(random, depth)));

    private static string Sequence(Random random, int depth)
    {
        var text = new StringBuilder();
        for (var i = random.Next(4); i >= 0; i--)
        {
            var one = One(random, depth);
            text.Append(one);
            if (one is not ("^" or "$" or @"\b" or @"\B"))
                text.Append(new[] { "", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}?", "{1,}" }[random.Next(10)]);
        }
        return text.ToString();
    }

    private static string One(Random random, int depth) => random.Next(depth > 0 ? 12 : 10) switch
    {
        0 => "^",
        1 => "$",
        2 => @"\b",
        3 => @"\B",
        4 => ".",
        5 => new[] { "[a-b]", "[^a]", "[0-9A]", @"[\d_-]", "[/]" }[random.Next(5)],
        6 => new[] { @"\d", @"\w", @"\W", @"\-" }[random.Next(4)],
        < 10 => "abAB01-/_"[random.Next(9)].ToString(),
        10 => $"(?i:{Choice(random, depth - 1)})",
        _ => $"({Choice(random, depth - 1)})",
    };
}
