using BucketProxy.Core.Bases;

namespace BucketProxy.Emulator.Bases;

/// <summary>
/// A base as a dtable-server sees it: the canonical UUID text and its bucket. The emulator reads it by its own few lines
/// on purpose: it judges the proxy, so it must not share the proxy's reading of a request.
/// </summary>
internal readonly record struct BaseKey(string Id, Bucket Bucket)
{
    /// <summary>Dashed 8-4-4-4-12 or 32 hex digits, any case.</summary>
    public static bool TryParse(string? text, out BaseKey key)
    {
        key = default;
        if (text is null || text.Length is not (32 or 36))
            return false;
        if (!Guid.TryParseExact(text, text.Length == 36 ? "D" : "N", out var uuid))
            return false;
        var id = uuid.ToString("D");
        key = new BaseKey(id, new Bucket(Convert.FromHexString(id.AsSpan(0, 2))[0]));
        return true;
    }

    /// <summary>Whether a pin (8 to 32 leading hex digits) names this base.</summary>
    public bool IsUnder(BasePrefix pin) =>
        Id.Replace("-", "", StringComparison.Ordinal).StartsWith(pin.ToString().Replace("-", "", StringComparison.Ordinal), StringComparison.Ordinal);

    public override string ToString() => Id;
}
