namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The destination's answer cannot become the client's: a transform of it failed, or the server does not take what it says.</summary>
internal sealed class AnswerNotTakenException(Exception why) : Exception(why.Message, why);
