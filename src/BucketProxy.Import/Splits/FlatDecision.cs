namespace BucketProxy.Import.Splits;

/// <summary>
/// A decision for one shape of request, laid out flat: what the UUID has no part in is settled. Conditions have numbers, and outcomes too.
/// </summary>
internal sealed class FlatDecision
{
    private readonly Func<Condition, bool?> _settled;
    private readonly Func<Outcome, int> _leafOf;
    private readonly Dictionary<Condition, int> _conditions = [];
    private readonly Dictionary<object, int> _numbers = new(ReferenceEqualityComparer.Instance);
    // What follows has a smaller number. An outcome is a number below zero.
    private readonly List<(int Condition, int IfSo, int Else)> _questions = [];
    private readonly int _root;
    private readonly bool[] _reached;

    /// <param name="decision">The decision.</param>
    /// <param name="settled">What a condition comes to for every UUID; null: that depends.</param>
    /// <param name="leafOf">The number of an outcome.</param>
    public FlatDecision(Decision<Outcome> decision, Func<Condition, bool?> settled, Func<Outcome, int> leafOf)
    {
        _settled = settled;
        _leafOf = leafOf;
        _root = Number(decision);
        _reached = new bool[_questions.Count];
    }

    /// <summary>Those that depend on the UUID, by number.</summary>
    public IReadOnlyList<Condition> Conditions => [.. _conditions.OrderBy(c => c.Value).Select(c => c.Key)];

    /// <summary>The outcome's number.</summary>
    public int Judge(Func<int, bool> holds)
    {
        var at = _root;
        while (at >= 0)
            at = holds(_questions[at].Condition) ? _questions[at].IfSo : _questions[at].Else;
        return ~at;
    }

    /// <summary>Marks the conditions that may still be asked, when it is known of some that they hold.</summary>
    public void MarkOpen(ReadOnlySpan<bool> holds, Span<bool> isOpen)
    {
        isOpen.Clear();
        if (_root < 0)
            return;
        Array.Clear(_reached);
        _reached[_root] = true;
        for (var at = _root; at >= 0; at--)
        {
            if (!_reached[at])
                continue;
            var (condition, ifSo, otherwise) = _questions[at];
            isOpen[condition] = true;
            if (ifSo >= 0)
                _reached[ifSo] = true;
            if (otherwise >= 0 && !holds[condition])
                _reached[otherwise] = true;
        }
    }

    private int Number(Decision<Outcome> decision)
    {
        // Else-chains are as long as a map: no recursion along them.
        var chain = new List<Decision<Outcome>.Asks>();
        var at = decision;
        while (at is Decision<Outcome>.Asks asks && !_numbers.ContainsKey(at))
        {
            if (_settled(asks.Condition) is { } settled)
            {
                at = settled ? asks.IfSo : asks.Else;
                continue;
            }
            chain.Add(asks);
            at = asks.Else;
        }
        var number = at is Decision<Outcome>.Is leaf ? ~_leafOf(leaf.Value) : _numbers[at];
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            if (!_conditions.TryGetValue(chain[i].Condition, out var condition))
                condition = _conditions[chain[i].Condition] = _conditions.Count;
            var ifSo = Number(chain[i].IfSo);
            if (ifSo != number)
            {
                _questions.Add((condition, ifSo, number));
                number = _questions.Count - 1;
            }
            _numbers[chain[i]] = number;
        }
        return number;
    }
}
