using BucketProxy.Core.Nodes;

namespace BucketProxy.Gateway.Model;

/// <summary>The grant that a request goes by: who owns its base, since when. Set by the grant stage, anew for each attempt.</summary>
public interface IGrantFeature
{
    /// <summary>The owner. YARP's destination of the request is this node, and no other (S2).</summary>
    NodeRecord Node { get; }

    /// <summary>The epoch of the grant: mod-revision of the key that gave the bucket, or the pin, to the node.</summary>
    long Epoch { get; }

    /// <summary>How long the request was held before this attempt.</summary>
    TimeSpan Held { get; }
}
