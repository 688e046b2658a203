namespace BucketProxy.Supervision.Native;

/// <summary>How a process ended, as wait tells it.</summary>
internal readonly record struct ExitStatus(int Status)
{
    /// <summary>The signal that ended it, if one did.</summary>
    public int? Signal => (Status & 0x7f) is > 0 and var signal ? signal : null;

    /// <summary>Its exit code, if it had one.</summary>
    public int? Code => Signal is null ? (Status >> 8) & 0xff : null;
}
