using System.Globalization;
using System.Net.Http.Headers;

namespace BucketProxy.Etcd.Grpc;

/// <summary>What goes along with a call.</summary>
/// <param name="Token">Proof of who we are; null for none.</param>
/// <param name="RequireLeader">A member that sees no leader shall say so at once, and end streams, instead of keeping us waiting.</param>
internal readonly record struct GrpcMetadata(string? Token, bool RequireLeader)
{
    public void AddTo(HttpRequestHeaders headers)
    {
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation("user-agent", "bucketproxy-etcd");
        if (RequireLeader)
            headers.TryAddWithoutValidation("hasleader", "true");
        if (Token is not null)
            headers.TryAddWithoutValidation("token", Token);
    }

    /// <summary>gRPC allows eight digits and a unit.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        var milliseconds = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        return milliseconds <= 99_999_999
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : Math.Min(99_999_999, milliseconds / 1000).ToString(CultureInfo.InvariantCulture) + "S";
    }
}
