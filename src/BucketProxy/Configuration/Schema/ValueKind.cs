using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using BucketProxy.Configuration.Values;

namespace BucketProxy.Configuration.Schema;

/// <summary>How values of one type are read and written, and how to say what is allowed.</summary>
/// <param name="Allowed">What is allowed, in words.</param>
/// <param name="Parse">The value, or null when the text is none.</param>
/// <param name="Format">Spells a value as an operator would.</param>
/// <param name="Types">The types of a JSON file that it may have beside text, which is always one.</param>
internal sealed record ValueKind(string Allowed, Func<string, object?> Parse, Func<object, string> Format, params IReadOnlyList<JsonValueKind> Types)
{
    private static readonly Dictionary<Type, ValueKind> Known = new()
    {
        [typeof(string)] = new("text", t => t, v => (string)v),
        [typeof(bool)] = new("on or off", ParseSwitch, v => (bool)v ? "on" : "off", JsonValueKind.True, JsonValueKind.False),
        [typeof(int)] = new("a whole number", t => Number(t, out int n) ? n : null, Invariant, JsonValueKind.Number),
        [typeof(double)] = new("a number", t => Real(t, out var n) ? n : null, Invariant, JsonValueKind.Number),
        [typeof(TimeSpan)] = new(
            "a time with its unit (500ms, 25s, 5m, 24h)",
            t => Duration.TryParse(t, out var d) ? d : null, v => Duration.Format((TimeSpan)v)),
        [typeof(ByteSize)] = new(
            "a size with its unit (512B, 64KB, 100MB, 2GB)",
            t => ByteSize.TryParse(t, out var s) ? s : null, v => v.ToString()!),
        [typeof(ListenAddress)] = new(
            "an address to listen on: PORT, *:PORT, IP:PORT, [IPv6]:PORT or localhost:PORT",
            t => ListenAddress.TryParse(t, out var a) ? a : null, v => v.ToString()!, JsonValueKind.Number),
        [typeof(IPNetwork)] = new(
            "a network (10.0.0.0/8, fd00::/8)", t => IPNetwork.TryParse(t, out var n) ? n : null, v => v.ToString()!),
        [typeof(Uri)] = new(
            "an http or https address", t => HttpUrl(t), v => ((Uri)v).OriginalString),
    };

    /// <summary>Whether any text may be one.</summary>
    public bool IsText => ReferenceEquals(this, Known[typeof(string)]);

    /// <summary>The kind for a type, or null: it is no single value.</summary>
    public static ValueKind? Of(Type type)
    {
        var actual = Nullable.GetUnderlyingType(type) ?? type;
        return actual.IsEnum ? OfEnum(actual) : Known.GetValueOrDefault(actual);
    }

    private static ValueKind OfEnum(Type type)
    {
        var names = type.GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(
            f => f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(f.Name),
            f => f.GetValue(null)!, StringComparer.OrdinalIgnoreCase);
        return new(
            string.Join(" or ", names.Keys.Select(n => $"'{n}'")),
            names.GetValueOrDefault, v => names.First(n => n.Value.Equals(v)).Key);
    }

    private static object? ParseSwitch(string text) => text.ToLowerInvariant() switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => null,
    };

    private static bool Number(string text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static bool Real(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static Uri? HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
        && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0 ? uri : null;

    private static string Invariant(object value) => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture);
}
