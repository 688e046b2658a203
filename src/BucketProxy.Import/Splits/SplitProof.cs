using BucketProxy.Core.Bases;
using BucketProxy.Import.Patterns;

namespace BucketProxy.Import.Splits;

/// <summary>Finds the placement and the pins that do what a configuration does, and proves that they do, for all UUIDs.</summary>
internal sealed class SplitProof
{
    private const int MaxPins = 1000;

    private readonly Diagrams _diagrams = new();
    private readonly Decision<Outcome> _decision;
    private readonly List<Outcome> _outcomes = [];
    private readonly List<string> _remarks = [];

    private SplitProof(Decision<Outcome> decision) => _decision = decision;

    /// <exception cref="ImportException">It is no split of bases, or one that a placement by buckets and pins cannot stand for.</exception>
    public static ProvenSplit Of(Decision<Outcome> decision) => new SplitProof(decision).Run();

    private ProvenSplit Run()
    {
        var (whole, first) = (Walk(RequestShape.Usual[0]), RequestShape.Usual[0]);
        var walks = new List<(RequestShape Shape, int Node)> { (first, whole) };
        foreach (var shape in RequestShape.Usual.Skip(1))
        {
            walks.Add((shape, Walk(shape)));
            whole = Join(whole, first, shape, walks[^1].Node);
        }
        if (_diagrams.Find(whole, leaf => _outcomes[leaf] is not Outcome.Server) is { } lost)
            throw new ImportException($"{Base(lost)} goes to no server ({OutcomeOf(whole, lost)}); here every base has one");
        foreach (var (shape, node) in walks)
            CompareAnswers(whole, shape, node);
        var owners = Bucket.All.Select(b => OwnerOf(Under(whole, b))).ToArray();
        var pins = Bucket.All.SelectMany(b => PinsOf(Under(whole, b), b, owners[b.Index])).Take(MaxPins + 1).ToArray();
        if (pins.Length > MaxPins)
            throw new ImportException($"more than {MaxPins} groups of bases are elsewhere than their bucket, such as {pins[0].Digits} on {_outcomes[pins[0].Owner]}: a placement by buckets cannot stand for this");
        Verify(whole, owners, pins);
        foreach (var (name, shape) in RequestShape.Unusual)
            Compare(whole, name, shape);
        return new ProvenSplit
        {
            Owners = [.. owners.Select(o => UrlOf(o))],
            Pins = [.. pins.Select(p => (Prefix(p.Digits), UrlOf(p.Owner)))],
            Shapes = RequestShape.Usual.Count,
            Remarks = [.. _remarks],
        };
    }

    private int Walk(RequestShape shape)
    {
        try
        {
            return ShapeWalk.Of(_diagrams, _decision, shape, NumberOf);
        }
        catch (PatternException e)
        {
            // States are made as they are needed.
            throw new ImportException($"one of its patterns is too intricate to be proven: {e.Message}");
        }
    }

    private int NumberOf(Outcome outcome)
    {
        var known = _outcomes.IndexOf(outcome);
        if (known >= 0)
            return known;
        _outcomes.Add(outcome);
        return _outcomes.Count - 1;
    }

    private string UrlOf(int outcome) => ((Outcome.Server)_outcomes[outcome]).Url;

    /// <summary>The same base must come to the same server, wherever its UUID stands.</summary>
    private int Join(int whole, RequestShape first, RequestShape shape, int other)
    {
        if (other == whole)
            return whole;
        var difference = _diagrams.Merge(whole, other, (a, b) => a == b || _outcomes[a] is Outcome.Answer || _outcomes[b] is Outcome.Answer ? 0 : 1);
        if (_diagrams.Find(difference, leaf => leaf == 1) is { } split)
        {
            throw new ImportException(
                $"{Base(split)} goes to two places: {OutcomeOf(whole, split)} for {first.For(split)}, and {OutcomeOf(other, split)} for {shape.For(split)}. One base on two servers loses data");
        }
        return _diagrams.Merge(whole, other, (a, b) => _outcomes[a] is Outcome.Server ? a : b);
    }

    /// <summary>Where the other proxy answers by itself, and we send it to the base's server.</summary>
    private void CompareAnswers(int whole, RequestShape shape, int node)
    {
        if (node == whole)
            return;
        if (_diagrams.Find(_diagrams.Merge(whole, node, (a, b) => a == b ? 0 : 1), leaf => leaf == 1) is { } answered)
            _remarks.Add($"{shape.For(answered)} gets {OutcomeOf(node, answered)} there. Here it goes to the base's server.");
    }

    private int LeafOf(int node, IReadOnlyList<int> digits)
    {
        for (var place = 0; !Diagrams.IsLeaf(node); place++)
            node = _diagrams.Next(node, place, digits[place]);
        return Diagrams.Value(node);
    }

    private string OutcomeOf(int node, IReadOnlyList<int> digits) => _outcomes[LeafOf(node, digits)].ToString()!;

    private static string Base(IReadOnlyList<int> digits) => $"base {UuidForm.Usual.Write(digits)}";

    private int Under(int whole, Bucket bucket) =>
        _diagrams.Next(_diagrams.Next(whole, 0, bucket.Index >> 4), 1, bucket.Index & 15);

    /// <summary>Whoever has most of a bucket has it.</summary>
    private int OwnerOf(int node) => _diagrams.Shares(node).MaxBy(s => (s.Value, -s.Key)).Key;

    private IEnumerable<(string Digits, int Owner)> PinsOf(int node, Bucket bucket, int owner)
    {
        var open = new Stack<(int Node, string Digits)>([(node, bucket.ToString())]);
        while (open.TryPop(out var at))
        {
            if (Diagrams.IsLeaf(at.Node))
            {
                var found = Diagrams.Value(at.Node);
                if (found == owner)
                    continue;
                if (at.Digits.Length < BasePrefix.MinDigits)
                {
                    throw new ImportException(
                        $"bases of bucket {bucket} go to several servers: those that begin with {at.Digits} to {_outcomes[found]}, others to {_outcomes[owner]}. "
                        + $"A placement goes by the first two hex digits, and a pin by {BasePrefix.MinDigits} or more");
                }
                yield return (at.Digits, found);
                continue;
            }
            for (var digit = 15; digit >= 0; digit--)
                open.Push((_diagrams.Next(at.Node, at.Digits.Length, digit), at.Digits + "0123456789abcdef"[digit]));
        }
    }

    /// <summary>The result as a function of the UUID is the configuration's.</summary>
    private void Verify(int whole, int[] owners, (string Digits, int Owner)[] pins)
    {
        if (Build("", pins) != whole)
            throw new ImportException("the placement that was found does something else; that is a fault of this program");

        int Build(string digits, (string Digits, int Owner)[] among)
        {
            if (digits.Length >= 2 && among.Length == 0)
                return Diagrams.Leaf(owners[Convert.ToInt32(digits[..2], 16)]);
            if (among is [var pin] && pin.Digits == digits)
                return Diagrams.Leaf(pin.Owner);
            var next = new int[16];
            for (var digit = 0; digit < next.Length; digit++)
            {
                var longer = digits + "0123456789abcdef"[digit];
                next[digit] = Build(longer, [.. among.Where(p => p.Digits.StartsWith(longer, StringComparison.Ordinal))]);
            }
            return _diagrams.Node(digits.Length, next);
        }
    }

    private void Compare(int whole, string name, RequestShape shape)
    {
        var other = Walk(shape);
        if (other == whole)
            return;
        var difference = _diagrams.Merge(whole, other, (a, b) => a == b ? 0 : 1);
        if (_diagrams.Find(difference, leaf => leaf == 1) is { } digits)
            _remarks.Add($"{char.ToUpperInvariant(name[0])}{name[1..]}: {shape.For(digits)} gets {OutcomeOf(other, digits)} there. Here it goes to {OutcomeOf(whole, digits)}.");
    }

    private static BasePrefix Prefix(string digits) =>
        BasePrefix.TryParse(digits, out var prefix) ? prefix : throw new InvalidOperationException($"'{digits}' is no prefix.");
}
