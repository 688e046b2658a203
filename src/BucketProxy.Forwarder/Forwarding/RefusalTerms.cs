using System.Buffers;
using System.Text;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// How a destination says that it has taken nothing of a request. The request carries a header that says that its sender understands this; an answer of
/// <see cref="Status"/> that carries a header of the same name is the refusal. It ends with <see cref="Destinations.DestinationRefusedException"/>, and the client's body is still
/// there to be read: a small one that has come completely goes out with the head, and is not taken from the server before the destination has answered otherwise; any other
/// waits behind <c>Expect: 100-continue</c> until the destination asks for it.
/// </summary>
public sealed class RefusalTerms
{
    private static readonly SearchValues<char> Text = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (char)c)]);

    /// <param name="headerName">The header's name. The application sees to it that the client's own header of that name does not go on.</param>
    /// <param name="headerValue">Its value in the request: printable ASCII.</param>
    /// <param name="status">The status of a refusal, 200 to 599.</param>
    /// <exception cref="ArgumentException">One of them cannot be what it is for.</exception>
    public RefusalTerms(string headerName, string headerValue, int status)
    {
        ArgumentException.ThrowIfNullOrEmpty(headerName);
        ArgumentNullException.ThrowIfNull(headerValue);
        if (headerName.AsSpan().ContainsAnyExcept(Text) || headerName.AsSpan().ContainsAny(": "))
            throw new ArgumentException($"'{headerName}' is no header's name.", nameof(headerName));
        if (headerValue.AsSpan().ContainsAnyExcept(Text))
            throw new ArgumentException("The value is not printable ASCII.", nameof(headerValue));
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        HeaderName = headerName;
        HeaderValue = headerValue;
        Status = status;
        Line = Encoding.ASCII.GetBytes($"{headerName}: {headerValue}\r\n");
    }

    /// <summary>The header's name.</summary>
    public string HeaderName { get; }

    /// <summary>Its value in the request.</summary>
    public string HeaderValue { get; }

    /// <summary>The status of a refusal.</summary>
    public int Status { get; }

    /// <summary>The header as it goes out.</summary>
    internal ReadOnlyMemory<byte> Line { get; }
}
