using System.Runtime.InteropServices;
using System.Text;

namespace BucketProxy.Import.Splits;

/// <summary>
/// Sends all UUIDs through a configuration at once: every condition reads the request digit by digit, and UUIDs that no condition can tell apart
/// any more are one case.
/// </summary>
internal sealed class ShapeWalk
{
    // A condition that will not be asked any more, because of those that hold already, must not tell UUIDs apart.
    private const int NoMatter = -1;
    // What a person writes comes to some thousands.
    private const int MaxCases = 100_000;

    private readonly Diagrams _diagrams;
    private readonly RequestShape _shape;
    private readonly FlatDecision _decision;
    private readonly IReadOnlyList<Condition> _conditions;
    private readonly string[] _behind;
    // By place and digit: as it is sent, and as it is with percent-encoding undone.
    private readonly byte[][][] _sent;
    private readonly byte[][][] _decoded;
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    private ShapeWalk(Diagrams diagrams, Decision<Outcome> decision, RequestShape shape, Func<Outcome, int> leafOf)
    {
        _diagrams = diagrams;
        _shape = shape;
        _decision = new FlatDecision(decision, Settled, outcome => leafOf(Seen(outcome)));
        _conditions = _decision.Conditions;
        _behind = [.. _conditions.Select(c => _shape.Text(c).Split(RequestShape.Mark)[1])];
        _sent = Digits(isDecoded: false);
        _decoded = Digits(isDecoded: true);
    }

    /// <summary>What becomes of a shape's request, as a function of the UUID.</summary>
    /// <param name="diagrams">Where it is kept.</param>
    /// <param name="decision">The configuration.</param>
    /// <param name="shape">The request.</param>
    /// <param name="leafOf">The number of an outcome. Its path has been looked at.</param>
    public static int Of(Diagrams diagrams, Decision<Outcome> decision, RequestShape shape, Func<Outcome, int> leafOf)
    {
        var walk = new ShapeWalk(diagrams, decision, shape, leafOf);
        return walk.Walk(0, [.. walk._conditions.Select(c => c.Pattern.Next(c.Pattern.Start, shape.Text(c).Split(RequestShape.Mark)[0]))]);
    }

    private bool? Settled(Condition condition)
    {
        var text = _shape.Text(condition);
        return text.Contains(RequestShape.Mark, StringComparison.Ordinal) ? null : condition.Pattern.Accepts(condition.Pattern.Next(condition.Pattern.Start, text));
    }

    private byte[][][] Digits(bool isDecoded) =>
        [.. Enumerable.Range(0, UuidForm.Digits).Select(place => Enumerable.Range(0, 16).Select(digit => Encoding.ASCII.GetBytes(_shape.Form.Write(place, digit, isDecoded))).ToArray())];

    private int Walk(int place, int[] states)
    {
        var key = string.Concat(new string(MemoryMarshal.Cast<int, char>(states)), ((char)place).ToString());
        if (_known.TryGetValue(key, out var known))
            return known;
        if (place == UuidForm.Digits)
            return _known[key] = Diagrams.Leaf(_decision.Judge(c => Holds(c, states[c])));
        if (_known.Count == MaxCases)
            throw new ImportException($"what it does with UUIDs is too intricate to be proven: more than {MaxCases} cases");
        var next = new int[16];
        for (var digit = 0; digit < next.Length; digit++)
            next[digit] = Walk(place + 1, Behind(place, digit, states));
        return _known[key] = _diagrams.Node(place, next);
    }

    private bool Holds(int condition, int state) => _conditions[condition].Pattern is var pattern && pattern.Accepts(pattern.Next(state, _behind[condition]));

    private int[] Behind(int place, int digit, int[] states)
    {
        var next = new int[states.Length];
        Span<bool> holds = new bool[2 * states.Length];
        for (var i = 0; i < states.Length; i++)
        {
            var (state, pattern) = (states[i], _conditions[i].Pattern);
            if (state != NoMatter)
            {
                foreach (var c in (_conditions[i].Subject == Subject.Path ? _decoded : _sent)[place][digit])
                    state = pattern.Next(state, c);
                holds[i] = pattern.HasMatched(state);
            }
            next[i] = state;
        }
        var isOpen = holds[states.Length..];
        _decision.MarkOpen(holds[..states.Length], isOpen);
        for (var i = 0; i < states.Length; i++)
        {
            if (!isOpen[i])
                next[i] = NoMatter;
        }
        return next;
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
