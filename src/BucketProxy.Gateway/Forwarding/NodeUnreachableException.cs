namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// No connection to a node could be made: not a byte of the request went out, so it may be sent again (S4). Thrown from the one place
/// that connects, and nowhere else: that is the proof.
/// </summary>
internal sealed class NodeUnreachableException(string nodeId, Exception inner)
    : IOException($"Node {nodeId} cannot be reached: {inner.Message}", inner);
