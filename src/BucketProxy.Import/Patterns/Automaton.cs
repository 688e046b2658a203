using System.Runtime.InteropServices;

namespace BucketProxy.Import.Patterns;

/// <summary>
/// Judges texts byte by byte: whether a pattern is found anywhere in them. Its states are numbers, so that whoever walks through all texts of a
/// kind can tell that two of them are the same to the pattern from here on. Made as they are needed. Not thread-safe.
/// </summary>
internal sealed class Automaton
{
    // Far above what a pattern of a configuration comes to.
    private const int MaxStates = 20_000;

    private readonly PatternProgram _program;
    private readonly Dictionary<StateKey, int> _numbers = [];
    private readonly List<State> _states = [];

    private Automaton(PatternProgram program)
    {
        _program = program;
        Start = NumberOf([PatternProgram.Entry], Before.Nothing, hasMatched: false);
    }

    private enum Before : byte
    {
        Nothing,
        Word,
        NoWord,
    }

    /// <summary>The state in front of a text.</summary>
    public int Start { get; }

    /// <summary>For a pattern that may stand anywhere in a text.</summary>
    /// <exception cref="PatternException">It is none, or not understood.</exception>
    public static Automaton Search(string pattern, bool anyCase) => new(PatternProgram.Of(PatternParser.Parse(pattern, anyCase)));

    /// <summary>For one whole text.</summary>
    public static Automaton Text(string text, bool anyCase) => Literal(text, anyCase, PlaceKind.End);

    /// <summary>For how a text begins.</summary>
    public static Automaton Prefix(string prefix, bool anyCase) => Literal(prefix, anyCase, end: null);

    /// <summary>The state behind one more byte.</summary>
    /// <exception cref="PatternException">There are too many of them.</exception>
    public int Next(int state, byte c)
    {
        var next = _states[state].Next;
        return next[c] >= 0 ? next[c] : next[c] = Step(_states[state], c);
    }

    /// <summary>The state behind a text, from another one on.</summary>
    public int Next(int state, string text) => text.Aggregate(state, (s, c) => Next(s, c < 256 ? (byte)c : (byte)'?'));

    /// <summary>Whether every text that goes on from here holds the pattern: it has been found.</summary>
    public bool HasMatched(int state) => _states[state].HasMatched;

    /// <summary>Whether a text that ends here holds the pattern.</summary>
    public bool Accepts(int state)
    {
        var at = _states[state];
        return at.HasMatched || _program.Closure(at.Threads, isStart: at.Before == Before.Nothing, beforeIsWord: at.Before == Before.Word, afterIsWord: false, isEnd: true).HasMatched;
    }

    private static Automaton Literal(string text, bool anyCase, PlaceKind? end)
    {
        var parts = new List<PatternNode> { new PatternNode.Place(PlaceKind.Start) };
        parts.AddRange(text.Select(c => new PatternNode.One(anyCase ? ByteSet.Of(c).InAnyCase() : ByteSet.Of(c))));
        if (end is { } place)
            parts.Add(new PatternNode.Place(place));
        return new Automaton(PatternProgram.Of(new PatternNode.Sequence(parts)));
    }

    private int Step(State from, byte c)
    {
        if (from.HasMatched)
            return NumberOf([], Before.Nothing, hasMatched: true);
        var isWord = ByteSet.Words.Contains(c);
        var (threads, hasMatched) = _program.Closure(from.Threads, from.Before == Before.Nothing, from.Before == Before.Word, isWord, isEnd: false);
        if (hasMatched)
            return NumberOf([], Before.Nothing, hasMatched: true);
        // It may begin behind every byte.
        var next = new SortedSet<int> { PatternProgram.Entry };
        foreach (var thread in threads)
        {
            if (_program.Takes(thread, c))
                next.Add(_program.Behind(thread));
        }
        return NumberOf([.. next], isWord ? Before.Word : Before.NoWord, hasMatched: false);
    }

    private int NumberOf(int[] threads, Before before, bool hasMatched)
    {
        // Where no edge of a word is asked for, it makes no difference which byte came before.
        if (before == Before.Word && !_program.AsksForWords)
            before = Before.NoWord;
        var key = new StateKey(new string(MemoryMarshal.Cast<int, char>(threads)), before, hasMatched);
        if (_numbers.TryGetValue(key, out var number))
            return number;
        if (_states.Count == MaxStates)
            throw new PatternException($"it needs more than {MaxStates} states");
        number = _states.Count;
        var transitions = new int[256];
        Array.Fill(transitions, -1);
        _states.Add(new State(threads, before, hasMatched, transitions));
        _numbers[key] = number;
        return number;
    }

    private readonly record struct StateKey(string Threads, Before Before, bool HasMatched);

    private sealed record State(int[] Threads, Before Before, bool HasMatched, int[] Next);
}
