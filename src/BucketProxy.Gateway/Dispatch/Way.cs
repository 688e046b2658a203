namespace BucketProxy.Gateway.Dispatch;

/// <summary>How a request for a base is carried.</summary>
internal enum Way
{
    /// <summary>Request and answer.</summary>
    Plain,

    /// <summary>An Engine.IO long poll.</summary>
    Poll,

    /// <summary>A websocket handshake.</summary>
    WebSocket,

    /// <summary>Cannot be carried.</summary>
    Unclear,
}
