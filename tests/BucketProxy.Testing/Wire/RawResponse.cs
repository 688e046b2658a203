using System.Globalization;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>An answer as it came over the wire, Latin-1.</summary>
/// <param name="Head">With the empty line at its end.</param>
/// <param name="Body">Without its framing.</param>
public sealed record RawResponse(string Head, byte[] Body)
{
    /// <summary>The status code.</summary>
    public int Status => int.Parse(Head.Split(' ')[1], CultureInfo.InvariantCulture);

    /// <summary>The body, as Latin-1.</summary>
    public string Text => Encoding.Latin1.GetString(Body);

    /// <summary>The values of every header of that name.</summary>
    public IReadOnlyList<string> All(string name) => RawHead.All(Head, name);

    /// <summary>The value of the one header of that name; null: there is none.</summary>
    public string? Header(string name) => All(name).SingleOrDefault();
}
