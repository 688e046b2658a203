using System.Runtime.InteropServices;

namespace BucketProxy.Import.Splits;

/// <summary>
/// Sends all UUIDs through a configuration at once: every condition reads the request digit by digit, and UUIDs that no condition can tell apart
/// any more are one case.
/// </summary>
internal sealed class ShapeWalk
{
    // What a person writes comes to some thousands.
    private const int MaxCases = 100_000;
    private const int MaxOpen = 4000;

    private readonly Diagrams _diagrams;
    private readonly RequestShape _shape;
    private readonly FlatDecision _decision;
    private readonly WalkedConditions _conditions;
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    // By the conditions that hold: those that may still be asked.
    private readonly Dictionary<string, bool[]> _open = new(StringComparer.Ordinal);

    private ShapeWalk(Diagrams diagrams, Decision<Outcome> decision, RequestShape shape, Func<Outcome, int> leafOf)
    {
        _diagrams = diagrams;
        _shape = shape;
        _decision = new FlatDecision(decision, Settled, outcome => leafOf(Seen(outcome)));
        _conditions = new WalkedConditions(_decision.Conditions, shape);
    }

    /// <summary>What becomes of a shape's request, as a function of the UUID.</summary>
    /// <param name="diagrams">Where it is kept.</param>
    /// <param name="decision">The configuration.</param>
    /// <param name="shape">The request.</param>
    /// <param name="leafOf">The number of an outcome. Its path has been looked at.</param>
    public static int Of(Diagrams diagrams, Decision<Outcome> decision, RequestShape shape, Func<Outcome, int> leafOf)
    {
        var walk = new ShapeWalk(diagrams, decision, shape, leafOf);
        return walk.Walk(0, walk.Open(walk._conditions.Begin()));
    }

    private bool? Settled(Condition condition)
    {
        var text = _shape.Text(condition);
        return text.Contains(RequestShape.Mark, StringComparison.Ordinal) ? null : condition.Pattern.Accepts(condition.Pattern.Next(condition.Pattern.Start, text));
    }

    private int Walk(int place, (int Condition, int State)[] states)
    {
        var key = string.Concat(new string(MemoryMarshal.Cast<(int, int), char>(states)), ((char)place).ToString());
        if (_known.TryGetValue(key, out var known))
            return known;
        if (place == UuidForm.Digits)
            return _known[key] = Diagrams.Leaf(_decision.Judge(_conditions.Holds(states)));
        if (_known.Count == MaxCases)
            throw new ImportException($"what it does with UUIDs is too intricate to be proven: more than {MaxCases} cases");
        var next = new int[16];
        for (var digit = 0; digit < next.Length; digit++)
            next[digit] = Walk(place + 1, Open(_conditions.Behind(place, digit, states)));
        return _known[key] = _diagrams.Node(place, next);
    }

    /// <summary>Without those that will not be asked any more, because of others that hold already: they must not tell UUIDs apart.</summary>
    private (int Condition, int State)[] Open((int Condition, int State)[] states)
    {
        int[] holding = [.. states.Where(s => _conditions.HasMatched(s)).Select(s => s.Condition)];
        if (holding.Length == 0)
            return states;
        var key = new string(MemoryMarshal.Cast<int, char>(holding));
        if (!_open.TryGetValue(key, out var isOpen))
        {
            if (_open.Count == MaxOpen)
                _open.Clear();
            Span<bool> holds = new bool[_conditions.Count];
            foreach (var condition in holding)
                holds[condition] = true;
            _open[key] = isOpen = new bool[_conditions.Count];
            _decision.MarkOpen(holds, isOpen);
        }
        return Array.TrueForAll(states, s => isOpen[s.Condition]) ? states : [.. states.Where(s => isOpen[s.Condition])];
    }

    /// <summary>A server that gets the path that it gets from us, or another one.</summary>
    private Outcome Seen(Outcome outcome)
    {
        if (outcome is not Outcome.Server server)
            return outcome;
        var sent = server.Strips is { } strips ? server.With + _shape.Path[Math.Min(strips.Length, _shape.Path.Length)..] : _shape.Path;
        return sent == _shape.Forwarded ? new Outcome.Server(server.Url) : new Outcome.Elsewhere(server.Url, sent.Replace("*", "UUID", StringComparison.Ordinal));
    }
}
