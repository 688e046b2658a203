namespace BucketProxy.Gateway.Options;

/// <summary>What sends requests to nodes. Both stand behind YARP's <c>IHttpForwarder</c>.</summary>
public enum ForwarderKind
{
    /// <summary>BucketProxy.Forwarder: HTTP/1.1, on Linux over event loops.</summary>
    Direct,

    /// <summary>YARP's own forwarder, over the runtime's client.</summary>
    Yarp,
}
