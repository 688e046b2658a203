using BucketProxy.Forwarder.Destinations;

namespace BucketProxy.Gateway.Nodes;

/// <summary>Whether a failure is a gate's word that nothing was sent to its server.</summary>
internal static class Refused
{
    /// <summary>The refusal that <paramref name="failure"/> is, or was caused by; null: it is none.</summary>
    public static DestinationRefusedException? In(Exception? failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is DestinationRefusedException refused)
                return refused;
        }
        return null;
    }
}
