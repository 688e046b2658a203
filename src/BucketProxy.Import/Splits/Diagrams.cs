using System.Runtime.InteropServices;

namespace BucketProxy.Import.Splits;

/// <summary>
/// Functions of a UUID's 32 hex digits, as decision diagrams: reduced and shared, so that two functions that are the same are the same number.
/// A leaf is a number below zero; any other asks for one digit and has 16 successors.
/// </summary>
internal sealed class Diagrams
{
    private const int Fan = 16;

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<(int Place, int[] Next)> _nodes = [];

    public static int Leaf(int value) => ~value;

    public static bool IsLeaf(int node) => node < 0;

    public static int Value(int leaf) => ~leaf;

    /// <summary>Which digit it asks for; <see cref="UuidForm.Digits"/> where it is a leaf.</summary>
    public int Place(int node) => IsLeaf(node) ? UuidForm.Digits : _nodes[node].Place;

    /// <summary>Where a digit leads; to itself where it does not ask for that digit.</summary>
    public int Next(int node, int place, int digit) => Place(node) == place ? _nodes[node].Next[digit] : node;

    /// <summary>What asks for a digit first.</summary>
    public int Node(int place, int[] next)
    {
        if (next.AsSpan().IndexOfAnyExcept(next[0]) < 0)
            return next[0];
        var key = string.Concat(new string(MemoryMarshal.Cast<int, char>(next)), ((char)place).ToString());
        if (_numbers.TryGetValue(key, out var number))
            return number;
        number = _nodes.Count;
        _nodes.Add((place, next));
        return _numbers[key] = number;
    }

    /// <summary>Two functions as one.</summary>
    public int Merge(int left, int right, Func<int, int, int> leaves)
    {
        var done = new Dictionary<(int, int), int>();
        return Go(left, right);

        int Go(int a, int b)
        {
            if (IsLeaf(a) && IsLeaf(b))
                return Leaf(leaves(Value(a), Value(b)));
            if (done.TryGetValue((a, b), out var known))
                return known;
            var place = Math.Min(Place(a), Place(b));
            var next = new int[Fan];
            for (var digit = 0; digit < Fan; digit++)
                next[digit] = Go(Next(a, place, digit), Next(b, place, digit));
            return done[(a, b)] = Node(place, next);
        }
    }

    /// <summary>The digits of a UUID that leads to a leaf like that; null: none does. Digits that do not matter are 0.</summary>
    public int[]? Find(int node, Func<int, bool> leaf)
    {
        var barren = new HashSet<int>();
        var digits = new int[UuidForm.Digits];
        return Go(node) ? digits : null;

        bool Go(int at)
        {
            if (IsLeaf(at))
                return leaf(Value(at));
            if (!barren.Add(at))
                return false;
            var (place, next) = _nodes[at];
            for (var digit = 0; digit < Fan; digit++)
            {
                digits[place] = digit;
                if (Go(next[digit]))
                    return true;
            }
            digits[place] = 0;
            return false;
        }
    }

    /// <summary>How large a part of all UUIDs leads to each leaf.</summary>
    public IReadOnlyDictionary<int, double> Shares(int node)
    {
        var done = new Dictionary<int, Dictionary<int, double>>();
        return Go(node);

        Dictionary<int, double> Go(int at)
        {
            if (IsLeaf(at))
                return new Dictionary<int, double> { [Value(at)] = 1 };
            if (done.TryGetValue(at, out var known))
                return known;
            var sum = new Dictionary<int, double>();
            foreach (var next in _nodes[at].Next)
            {
                foreach (var (leaf, share) in Go(next))
                    sum[leaf] = sum.GetValueOrDefault(leaf) + share / Fan;
            }
            return done[at] = sum;
        }
    }
}
