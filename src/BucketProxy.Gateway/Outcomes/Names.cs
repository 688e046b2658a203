using System.Globalization;
using System.Text.Json;

namespace BucketProxy.Gateway.Outcomes;

/// <summary>The words by which metrics, spans and the request log name what the code does. Made once: they are asked for per request.</summary>
internal static class Names
{
    private static readonly string[] Causes = Of<Cause>();
    private static readonly string[] Outcomes = Of<HoldOutcome>();
    private static readonly string[] Sends = Of<Sent>();
    private static readonly object[] Statuses = [.. Enumerable.Range(0, 1000).Cast<object>()];

    public static string Of(Cause cause) => Causes[(int)cause];

    public static string Of(HoldOutcome outcome) => Outcomes[(int)outcome];

    public static string Of(Sent sent) => Sends[(int)sent];

    /// <summary>A status as a label's value, without making an object for it.</summary>
    public static object OfStatus(int status) => status >= 0 && status < Statuses.Length ? Statuses[status] : status;

    /// <summary>The convention's <c>error.type</c>: why it is ours, or the status that the node answered.</summary>
    public static string ErrorOf(Cause cause, int status) =>
        cause == Cause.Node ? status.ToString(CultureInfo.InvariantCulture) : Of(cause);

    /// <summary>Whether the client did not get a whole answer, whatever the status says.</summary>
    public static bool IsBrokenOff(this Cause cause) => cause is Cause.NodeFailed or Cause.NodeMalformed or Cause.NodeTimeout or Cause.Internal;

    // By value: the order in which an enumeration is written down must not matter.
    private static string[] Of<T>() where T : struct, Enum
    {
        var names = new string[Enum.GetValues<T>().Length];
        foreach (var value in Enum.GetValues<T>())
            names[Convert.ToInt32(value, CultureInfo.InvariantCulture)] = JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
        return names;
    }
}
