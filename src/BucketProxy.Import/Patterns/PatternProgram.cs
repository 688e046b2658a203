namespace BucketProxy.Import.Patterns;

/// <summary>A pattern as steps that threads go through, all at the same time (Thompson's construction). Immutable.</summary>
internal sealed class PatternProgram
{
    /// <summary>The first step.</summary>
    public const int Entry = 0;

    private const int MaxSteps = 20_000;

    private readonly List<Step> _steps = [];
    // Repeats of what writes no step of its own would go on and on.
    private int _compiled;

    private PatternProgram()
    {
    }

    private enum Kind
    {
        Byte,
        Fork,
        Place,
        Match,
    }

    /// <summary>Whether the byte in front may matter.</summary>
    public bool AsksForWords { get; private set; }

    /// <exception cref="PatternException">It is too long.</exception>
    public static PatternProgram Of(PatternNode node)
    {
        var program = new PatternProgram();
        // The entry is a step of its own, so that what follows may come back to its own beginning.
        program.Add(new Step(Kind.Fork, Next: 1, Other: 1));
        program.Compile(node);
        program.Add(new Step(Kind.Match));
        return program;
    }

    public bool Takes(int step, byte c) => _steps[step].Set.Contains(c);

    public int Behind(int step) => _steps[step].Next;

    /// <summary>Every step that waits for a byte and is reached without one; and whether the pattern has been found.</summary>
    public (IReadOnlyList<int> Threads, bool HasMatched) Closure(IReadOnlyList<int> threads, bool isStart, bool beforeIsWord, bool afterIsWord, bool isEnd)
    {
        var seen = new HashSet<int>();
        var waiting = new List<int>();
        var hasMatched = false;
        var open = new Stack<int>(threads);
        while (open.TryPop(out var at))
        {
            if (!seen.Add(at))
                continue;
            var step = _steps[at];
            switch (step.Kind)
            {
                case Kind.Byte:
                    waiting.Add(at);
                    break;
                case Kind.Match:
                    hasMatched = true;
                    break;
                case Kind.Fork:
                    open.Push(step.Next);
                    open.Push(step.Other);
                    break;
                case Kind.Place when step.Place switch
                {
                    PlaceKind.Start => isStart,
                    PlaceKind.End => isEnd,
                    PlaceKind.WordEdge => beforeIsWord != afterIsWord,
                    _ => beforeIsWord == afterIsWord,
                }:
                    open.Push(step.Next);
                    break;
            }
        }
        return (waiting, hasMatched);
    }

    private int Add(Step step)
    {
        if (_steps.Count == MaxSteps)
            throw new PatternException($"it comes to more than {MaxSteps} steps");
        _steps.Add(step);
        return _steps.Count - 1;
    }

    /// <summary>Writes the steps of a part; whoever has passed them is at the step behind the last.</summary>
    private void Compile(PatternNode node)
    {
        if (_compiled++ > MaxSteps)
            throw new PatternException($"it comes to more than {MaxSteps} steps");
        switch (node)
        {
            case PatternNode.One one:
                Add(new Step(Kind.Byte, Next: _steps.Count + 1, Set: one.Set));
                break;
            case PatternNode.Place place:
                AsksForWords |= place.Kind is PlaceKind.WordEdge or PlaceKind.NoWordEdge;
                Add(new Step(Kind.Place, Next: _steps.Count + 1, Place: place.Kind));
                break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                    Compile(part);
                break;
            case PatternNode.Choice choice:
                CompileChoice(choice.Parts);
                break;
            case PatternNode.Repeat repeat:
                CompileRepeat(repeat);
                break;
        }
    }

    private void CompileChoice(IReadOnlyList<PatternNode> parts)
    {
        var ends = new List<int>();
        for (var i = 0; i < parts.Count - 1; i++)
        {
            var fork = Add(new Step(Kind.Fork, Next: _steps.Count + 1));
            Compile(parts[i]);
            ends.Add(Add(new Step(Kind.Fork)));
            _steps[fork] = _steps[fork] with { Other = _steps.Count };
        }
        Compile(parts[^1]);
        foreach (var end in ends)
            _steps[end] = _steps[end] with { Next = _steps.Count, Other = _steps.Count };
    }

    private void CompileRepeat(PatternNode.Repeat repeat)
    {
        for (var i = 0; i < repeat.Min; i++)
            Compile(repeat.Part);
        if (repeat.Max is not { } max)
        {
            var fork = Add(new Step(Kind.Fork, Next: _steps.Count + 1));
            Compile(repeat.Part);
            Add(new Step(Kind.Fork, Next: fork, Other: fork));
            _steps[fork] = _steps[fork] with { Other = _steps.Count };
            return;
        }
        var forks = new List<int>();
        for (var i = repeat.Min; i < max; i++)
        {
            forks.Add(Add(new Step(Kind.Fork, Next: _steps.Count + 1)));
            Compile(repeat.Part);
        }
        foreach (var fork in forks)
            _steps[fork] = _steps[fork] with { Other = _steps.Count };
    }

    private readonly record struct Step(Kind Kind, int Next = 0, int Other = 0, ByteSet Set = default, PlaceKind Place = default);
}
