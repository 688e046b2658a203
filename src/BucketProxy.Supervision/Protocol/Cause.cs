namespace BucketProxy.Supervision.Protocol;

/// <summary>Why no process of a program is left. The numbers go over the pipe.</summary>
internal enum Cause
{
    /// <summary>It ended by itself, or when asked to, and left none.</summary>
    Itself = 0,

    /// <summary>It ended by itself, and what it left was killed.</summary>
    LeftBehind = 1,

    /// <summary>Killed: the deadline passed.</summary>
    Deadline = 2,

    /// <summary>Killed: so ordered.</summary>
    Order = 3,

    /// <summary>Killed: the gate's end of the pipe was closed.</summary>
    GateGone = 4,

    /// <summary>Killed: the fuse died.</summary>
    FuseGone = 5,
}
