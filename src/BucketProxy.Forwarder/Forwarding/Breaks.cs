using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using BucketProxy.Forwarder.Destinations;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Which exceptions are ways in which a delivery ends; any other is a fault of ours.</summary>
internal static class Breaks
{
    /// <summary>Whether an exception is one of the ways in which a delivery ends.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="isAnswering">The answer's head was taken.</param>
    public static bool IsAnEnd(Exception e, bool isAnswering) => e switch
    {
        AnswerNotTakenException or OperationCanceledException => true,
        DestinationUnreachableException or DestinationRefusedException => !isAnswering,
        BodyBrokeException or FormatException or EncoderFallbackException or AuthenticationException => !isAnswering,
        _ => IsBreak(e),
    };

    /// <summary>Whether <paramref name="e"/> is how a broken connection shows.</summary>
    public static bool IsBreak(Exception e) => e is SocketException or IOException or ObjectDisposedException;
}
