using BucketProxy.Forwarder.Destinations;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// What holds for one request beyond YARP's configuration. The application sets it as a feature of the request, for the direct forwarder; without it the request
/// is like any other. One object may serve many requests: its members do not change while one of them is under way.
/// </summary>
public interface IDeliveryTermsFeature
{
    /// <summary>Whose connections the request goes over; null: those of the cluster's client.</summary>
    DirectHttpClient? Client { get; }

    /// <summary>How the destination says that it has taken nothing of the request; null: it cannot say so.</summary>
    RefusalTerms? Refusal { get; }

    /// <summary>A header, or trailer, of the destination's answers that the client never gets; null: there is none.</summary>
    string? HiddenHeader { get; }
}
