namespace BucketProxy.Core.Nodes;

/// <summary>The server behind a gate, as the gate's own table has it.</summary>
/// <param name="NodeId">The node's id.</param>
/// <param name="Url">Where the gate reaches the server; only the gate does.</param>
/// <param name="Incarnation">The server's present run (G2); null: none runs.</param>
/// <param name="IsOpen">Whether requests may go to that run (G6).</param>
public sealed record OwnServer(string NodeId, Uri Url, string? Incarnation, bool IsOpen)
{
    /// <summary>Whether requests may go to the server.</summary>
    public bool Admits => IsOpen && Incarnation is not null;

    /// <summary>The registered node, as it is reached behind the gate.</summary>
    public NodeRecord BehindGate(NodeRecord registered)
    {
        ArgumentNullException.ThrowIfNull(registered);
        return registered with
        {
            LocalUrl = Url,
            LocalUrlText = Url.OriginalString.TrimEnd('/'),
            Gate = GateKind.None,
            Incarnation = Incarnation,
        };
    }
}
