namespace BucketProxy.Gateway.Model;

/// <summary>How a request for a base is carried.</summary>
public enum Carriage
{
    /// <summary>Request and answer.</summary>
    Plain,

    /// <summary>An Engine.IO long poll: a GET that the node answers when it has something to say.</summary>
    Poll,

    /// <summary>A websocket handshake, and what follows it.</summary>
    WebSocket,
}
