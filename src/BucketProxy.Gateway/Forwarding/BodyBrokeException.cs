namespace BucketProxy.Gateway.Forwarding;

/// <summary>The client's body cannot be read to its end.</summary>
/// <param name="status">The status that says why.</param>
internal sealed class BodyBrokeException(int status) : Exception
{
    public int Status => status;
}
