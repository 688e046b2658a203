namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The client's body cannot be read to its end.</summary>
/// <param name="status">The status that says why.</param>
/// <param name="why">What reading it said.</param>
internal sealed class BodyBrokeException(int status, Exception why) : Exception(why.Message, why)
{
    public int Status => status;
}
