namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// The close frame that we put in: 1012, service restart. Socket.IO clients take it as a lost transport and come back with a new
/// session; a Socket.IO packet of ours could make them stay away for good.
/// </summary>
internal static class CloseFrame
{
    private const byte High = 1012 >> 8;
    private const byte Low = 1012 & 0xff;

    /// <summary>As a server sends it.</summary>
    public static ReadOnlyMemory<byte> ToClient { get; } = new byte[] { 0x88, 2, High, Low };

    /// <summary>As a client sends it: masked (RFC 6455 section 5.3). The mask hides nothing here, so it may be constant: zero.</summary>
    public static ReadOnlyMemory<byte> ToNode { get; } = new byte[] { 0x88, 0x82, 0, 0, 0, 0, High, Low };
}
