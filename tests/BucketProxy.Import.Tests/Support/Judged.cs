using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Tests.Support;

/// <summary>What a configuration that was read makes of one request, found by asking its conditions one after the other.</summary>
internal static class Judged
{
    public static Outcome Of(Decision<Outcome> decision, RequestShape shape, IReadOnlyList<int> digits)
    {
        while (decision is Decision<Outcome>.Asks asks)
            decision = Holds(asks.Condition, shape, digits) ? asks.IfSo : asks.Else;
        return ((Decision<Outcome>.Is)decision).Value;
    }

    /// <summary>The path and query that a server gets, with percent-encoding undone.</summary>
    public static string Sent(Outcome.Server server, RequestShape shape, IReadOnlyList<int> digits)
    {
        var path = Written(shape.Path, shape, digits);
        if (server.Strips is { } strips)
            path = server.With + path[Math.Min(strips.Length, path.Length)..];
        return Uri.UnescapeDataString(shape.Query.Length == 0 ? path : $"{path}?{Written(shape.Query, shape, digits)}");
    }

    private static bool Holds(Condition condition, RequestShape shape, IReadOnlyList<int> digits)
    {
        var text = Written(shape.Text(condition), shape, digits);
        if (condition.Subject is Subject.Path or Subject.DecodedArgument)
            text = Uri.UnescapeDataString(text);
        return condition.Pattern.Accepts(condition.Pattern.Next(condition.Pattern.Start, text));
    }

    private static string Written(string text, RequestShape shape, IReadOnlyList<int> digits) =>
        text.Replace(RequestShape.Mark.ToString(), shape.Form.Write(digits), StringComparison.Ordinal);
}
