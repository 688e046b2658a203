namespace BucketProxy.Supervision.Fusing;

/// <summary>Exit codes of the fuse's process. Nobody decides by them: what happened stands in its reports.</summary>
internal static class FuseExitCodes
{
    /// <summary>No process is left.</summary>
    public const int Done = 0;

    /// <summary>The command line is wrong, or nobody stands at the other end of its pipes.</summary>
    public const int Usage = 64;

    /// <summary>The program did not start; as shells have it.</summary>
    public const int NotStarted = 127;
}
