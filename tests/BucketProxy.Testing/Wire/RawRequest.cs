using System.Globalization;

namespace BucketProxy.Testing.Wire;

/// <summary>The head of a request as it came over the wire, Latin-1.</summary>
/// <param name="Head">With the empty line at its end.</param>
/// <param name="Connection">Which of the server's connections it came on; the first is 1.</param>
public sealed record RawRequest(string Head, int Connection)
{
    /// <summary>The request line.</summary>
    public string Line => Head[..Head.IndexOf('\r')];

    /// <summary>The method.</summary>
    public string Method => Line.Split(' ')[0];

    /// <summary>The target, as it stands there.</summary>
    public string Target => Line.Split(' ')[1];

    /// <summary>The values of every header of that name.</summary>
    public IReadOnlyList<string> All(string name) => RawHead.All(Head, name);

    /// <summary>The value of the one header of that name; null: there is none.</summary>
    public string? Header(string name) => All(name).SingleOrDefault();

    /// <summary>Reads this request's body, by whichever framing it has.</summary>
    public async Task<byte[]> ReadBodyAsync(RawConnection wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        if (Header("Transfer-Encoding") == "chunked")
            return await wire.ReadChunkedAsync();
        return Header("Content-Length") is { } length ? await wire.ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture)) : [];
    }
}
