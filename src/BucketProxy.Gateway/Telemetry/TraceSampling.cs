using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace BucketProxy.Gateway.Telemetry;

/// <summary>
/// Which requests get spans. Decided before a span is made, so that a request without one costs a look at two headers at most;
/// whoever collects spans must keep all that are made.
/// </summary>
/// <param name="Ratio">The share of requests, 0 to 1. Of requests that belong to a trace already, the same traces are taken by every
/// proxy.</param>
/// <param name="FollowsCallers">A request whose <c>traceparent</c> says whether it is sampled is taken at its word, whatever
/// <paramref name="Ratio"/> says.</param>
public sealed record TraceSampling(double Ratio, bool FollowsCallers)
{
    /// <summary>No spans.</summary>
    public static TraceSampling Off { get; } = new(0, false);

    /// <summary>Whether any request can get a span.</summary>
    public bool IsOn => Ratio > 0 || FollowsCallers;

    /// <summary>Whether this request gets spans.</summary>
    /// <param name="caller">The trace that it belongs to, or null.</param>
    internal bool Samples(ActivityContext? caller)
    {
        if (caller is not { } parent)
            return IsBelow(RandomShare());
        if (FollowsCallers)
            return (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0;
        return IsBelow(ShareOf(parent.TraceId));
    }

    private bool IsBelow(double share) => share < Ratio;

    [SuppressMessage("Security", "CA5394", Justification = "Which requests are traced is no secret.")]
    private static double RandomShare() => Random.Shared.NextDouble();

    // The last 8 bytes of a trace id are its random part (W3C Trace Context, section 3.2.2.3).
    private static double ShareOf(ActivityTraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.CopyTo(bytes);
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) >> 11) * (1.0 / (1ul << 53));
    }
}
