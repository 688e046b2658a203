namespace BucketProxy.Etcd.Transport;

/// <summary>Makes sense of what the HTTP handler throws.</summary>
internal static class TransportErrors
{
    private const long RefusedStream = 0x7;

    public static bool IsRefusedStream(Exception e) =>
        Chain(e).OfType<HttpProtocolException>().Any(p => p.ErrorCode == RefusedStream);

    /// <summary>The messages of the whole chain: the outer ones say only that sending failed.</summary>
    public static string Describe(Exception e) => string.Join(": ", Chain(e).Select(x => x.Message).Distinct());

    private static IEnumerable<Exception> Chain(Exception e)
    {
        for (var x = e; x is not null; x = x.InnerException)
            yield return x;
    }
}
