namespace BucketProxy.Supervision;

/// <summary>A program, or its fuse, could not be started. Nothing of it runs.</summary>
public sealed class ProcessNotStartedException : Exception
{
    internal ProcessNotStartedException(string message)
        : base(message)
    {
    }

    internal ProcessNotStartedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
