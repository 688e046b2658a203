using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Why a request was not forwarded to its end.</summary>
internal sealed record ForwarderErrorFeature(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
