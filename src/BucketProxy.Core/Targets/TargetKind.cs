namespace BucketProxy.Core.Targets;

/// <summary>What a request target asks for.</summary>
public enum TargetKind
{
    /// <summary>Nothing of a base: a local route, or unknown. Never forwarded to a node.</summary>
    NoBase,

    /// <summary>One base. Goes to its owner and to nobody else.</summary>
    Base,

    /// <summary>Something that two readers could read differently, or no UUID where one belongs. Answered with 400.</summary>
    Malformed,
}

/// <summary>The routes that the proxy answers itself.</summary>
public enum LocalRoute
{
    /// <summary>None: answered with 404 (or, for OPTIONS, with 204).</summary>
    None,

    /// <summary><c>/ping</c>.</summary>
    Ping,

    /// <summary><c>/api/v1/admin/sys-info</c>.</summary>
    SysInfo,
}

/// <summary>Why a target is malformed.</summary>
public enum TargetFault
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>Neither a path, nor an http(s) URL, nor <c>*</c>.</summary>
    NotAPath,

    /// <summary>A character that no request target may hold: a control, a space, <c>#</c>, a non-ASCII one, or a
    /// backslash in the path.</summary>
    InvalidCharacter,

    /// <summary>The segment, or <c>dtable_uuid</c>, where the UUID belongs, is no UUID.</summary>
    NotAUuid,

    /// <summary><c>dtable_uuid</c> is there twice with different values, or as an array.</summary>
    SeveralBases,

    /// <summary>Dot segments lead out of the base.</summary>
    LeavesBase,

    /// <summary>No base was found, and empty, dotted or percent-encoded segments may hide one.</summary>
    AmbiguousPath,
}
