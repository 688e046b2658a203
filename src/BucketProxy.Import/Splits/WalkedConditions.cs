using System.Text;

namespace BucketProxy.Import.Splits;

/// <summary>
/// The conditions of a decision while a request is read up to some digit of its UUID. Of a thousand nearly all wait for a beginning that does not
/// come: so only those are listed that do not wait, each with its automaton's state.
/// </summary>
internal sealed class WalkedConditions
{
    // It cannot hold any more, whatever comes.
    private const int Never = -1;

    private readonly IReadOnlyList<Condition> _conditions;
    private readonly RequestShape _shape;
    private readonly string[] _behind;
    private readonly int[] _waiting;
    // By place and digit: as it is sent, and as it is with percent-encoding undone.
    private readonly byte[][][] _sent;
    private readonly byte[][][] _decoded;
    private readonly (int Condition, int State)[]?[] _leaving = new (int, int)[]?[UuidForm.Digits * 16];
    private readonly Dictionary<(int Condition, int Place, int State), bool> _canHold = [];

    public WalkedConditions(IReadOnlyList<Condition> conditions, RequestShape shape)
    {
        (_conditions, _shape) = (conditions, shape);
        _behind = [.. conditions.Select(c => shape.Text(c).Split(RequestShape.Mark)[1])];
        // A letter that is no digit of a UUID. Which state it is decides nothing but how long the lists are.
        _waiting = [.. conditions.Select(c => c.Pattern.Next(c.Pattern.Start, "zz"))];
        _sent = Digits(isDecoded: false);
        _decoded = Digits(isDecoded: true);
    }

    public int Count => _conditions.Count;

    /// <summary>In front of the UUID.</summary>
    public (int Condition, int State)[] Begin() =>
        Listed(0, _conditions.Select((c, i) => (i, c.Pattern.Next(c.Pattern.Start, _shape.Text(c).Split(RequestShape.Mark)[0]))));

    /// <summary>Behind one more digit.</summary>
    public (int Condition, int State)[] Behind(int place, int digit, (int Condition, int State)[] states)
    {
        var next = new List<(int, int)>();
        var at = 0;
        // Both are in the order of conditions.
        foreach (var leaving in Leaving(place, digit))
        {
            for (; at < states.Length && states[at].Condition < leaving.Condition; at++)
                next.Add(Next(place, digit, states[at]));
            if (at == states.Length || states[at].Condition != leaving.Condition)
                next.Add(leaving);
        }
        for (; at < states.Length; at++)
            next.Add(Next(place, digit, states[at]));
        return Listed(place + 1, next);
    }

    /// <summary>It holds, whatever comes.</summary>
    public bool HasMatched((int Condition, int State) at) => at.State != Never && _conditions[at.Condition].Pattern.HasMatched(at.State);

    /// <summary>Which hold, behind the UUID.</summary>
    public Func<int, bool> Holds((int Condition, int State)[] states)
    {
        var listed = states.ToDictionary(s => s.Condition, s => s.State);
        return condition => CanHold(condition, UuidForm.Digits, listed.GetValueOrDefault(condition, _waiting[condition]));
    }

    private byte[][][] Digits(bool isDecoded) =>
        [.. Enumerable.Range(0, UuidForm.Digits).Select(place => Enumerable.Range(0, 16).Select(digit => Encoding.ASCII.GetBytes(_shape.Form.Write(place, digit, isDecoded))).ToArray())];

    private (int Condition, int State) Next(int place, int digit, (int Condition, int State) at) => (at.Condition, Next(place, digit, at.Condition, at.State));

    private int Next(int place, int digit, int condition, int state)
    {
        if (state == Never)
            return Never;
        var of = _conditions[condition];
        foreach (var c in (of.Subject is Subject.Path or Subject.DecodedArgument ? _decoded : _sent)[place][digit])
            state = of.Pattern.Next(state, c);
        return state;
    }

    /// <summary>Those that a digit takes out of their waiting.</summary>
    private (int Condition, int State)[] Leaving(int place, int digit) => _leaving[place * 16 + digit] ??=
        [.. Enumerable.Range(0, Count).Select(c => (Condition: c, State: Next(place, digit, c, _waiting[c]))).Where(s => s.State != _waiting[s.Condition])];

    private (int Condition, int State)[] Listed(int place, IEnumerable<(int Condition, int State)> states) =>
        [.. states.Select(s => CanHold(s.Condition, place, s.State) ? s : (s.Condition, Never)).Where(s => s.Item2 == Never ? CanHold(s.Condition, place, _waiting[s.Condition]) : s.Item2 != _waiting[s.Condition])];

    /// <summary>Whether some digits from there on make it hold.</summary>
    private bool CanHold(int condition, int place, int state)
    {
        if (state == Never)
            return false;
        var pattern = _conditions[condition].Pattern;
        if (pattern.HasMatched(state))
            return true;
        if (_canHold.TryGetValue((condition, place, state), out var known))
            return known;
        var can = false;
        if (place == UuidForm.Digits)
            can = pattern.Accepts(pattern.Next(state, _behind[condition]));
        else
            for (var digit = 0; digit < 16 && !can; digit++)
                can = CanHold(condition, place + 1, Next(place, digit, condition, state));
        return _canHold[(condition, place, state)] = can;
    }
}
