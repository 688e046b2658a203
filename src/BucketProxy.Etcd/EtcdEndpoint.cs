using System.Diagnostics.CodeAnalysis;

namespace BucketProxy.Etcd;

/// <summary>Where one member listens for clients.</summary>
public sealed record EtcdEndpoint
{
    /// <summary>The port that is meant where none is given.</summary>
    public const int DefaultPort = 2379;

    private EtcdEndpoint(Uri uri) => Uri = uri;

    /// <summary>Scheme, host and port.</summary>
    public Uri Uri { get; }

    /// <summary>Whether the connection is to be encrypted.</summary>
    public bool IsTls => Uri.Scheme == Uri.UriSchemeHttps;

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]:port</c> or <c>http(s)://host:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tls">What is meant where no scheme is given.</param>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static EtcdEndpoint Parse(string text, bool tls = false) => TryParse(text, tls, out var endpoint)
        ? endpoint
        : throw new FormatException($"'{text}' is no etcd endpoint: host, host:port or http(s)://host:port is allowed");

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    public static bool TryParse(string? text, bool tls, [NotNullWhen(true)] out EtcdEndpoint? endpoint)
    {
        endpoint = null;
        if (string.IsNullOrWhiteSpace(text))
            return false;
        text = text.Trim();
        var hasScheme = text.Contains("://", StringComparison.Ordinal);
        var full = hasScheme ? text : (tls ? "https://" : "http://") + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.Host.Length == 0 || uri.AbsolutePath != "/" || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
        {
            return false;
        }
        var port = HasPort(full) ? uri.Port : DefaultPort;
        if (port == 0)
            return false;
        endpoint = new EtcdEndpoint(new UriBuilder(uri.Scheme, uri.Host, port).Uri);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Uri.Scheme}://{Uri.Host}:{Uri.Port}";

    // Uri fills in 80 and 443, which nobody means who leaves the port out here.
    private static bool HasPort(string full)
    {
        var authority = full.AsSpan(full.IndexOf("://", StringComparison.Ordinal) + 3).TrimEnd('/');
        return authority.LastIndexOf(':') > authority.LastIndexOf(']');
    }
}
