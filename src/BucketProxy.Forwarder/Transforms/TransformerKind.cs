namespace BucketProxy.Forwarder.Transforms;

/// <summary>What a transformer is known to do.</summary>
internal enum TransformerKind
{
    /// <summary>Anything.</summary>
    Custom,

    /// <summary>What YARP does of its own, and nothing else.</summary>
    Default,

    /// <summary>Copying, and nothing else (<see cref="Yarp.ReverseProxy.Forwarder.HttpTransformer.Empty"/>).</summary>
    Empty,

    /// <summary>Exact forwarding, and nothing else.</summary>
    Exact,
}
