using BucketProxy.Forwarder.Destinations;

namespace BucketProxy.Gateway.Nodes;

/// <summary>Whether a failure proves that not a byte was sent.</summary>
internal static class Unreachable
{
    /// <summary>
    /// Whether <paramref name="failure"/> is, or was caused by, a <see cref="DestinationUnreachableException"/>. Each of the two ways to a node
    /// throws it in the one place that connects, and nowhere else: that is the proof on which a request may be sent again (S4).
    /// </summary>
    public static bool IsIn(Exception? failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is DestinationUnreachableException)
                return true;
        }
        return false;
    }
}
