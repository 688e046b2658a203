using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Writes the head of a request from a message, as the runtime's client does.</summary>
internal static class MessageHead
{
    /// <exception cref="FormatException">The message cannot be written in HTTP/1.1.</exception>
    public static void Write(ref HeadWriter to, HttpRequestMessage message, Delivery delivery)
    {
        var target = message.RequestUri!.PathAndQuery;
        if (target.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("The target cannot stand in a request line.");
        to.Write(message.Method.Method);
        to.Write(" "u8);
        to.Write(target);
        to.Write(" HTTP/1.1\r\n"u8);
        var isHostOurs = message.Headers.Host is null;
        if (isHostOurs)
        {
            to.Write("Host: "u8);
            to.Write(delivery.Destination.Host);
            to.Write("\r\n"u8);
        }
        foreach (var (name, values) in message.Headers.NonValidated)
        {
            // The runtime's client writes an empty one besides its own, and a destination has to refuse a request with two (RFC 9112 section 3.2).
            if (!isHostOurs || name != "Host")
                to.Field(name, values.ToString());
        }
        if (message.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                to.Field(name, values.ToString());
        }
        else if (!DefaultHead.HasNoBody(message.Method.Method))
            to.Write("Content-Length: 0\r\n"u8);
        to.Write("\r\n"u8);
    }
}
