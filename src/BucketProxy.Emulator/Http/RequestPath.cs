using BucketProxy.Emulator.Bases;

namespace BucketProxy.Emulator.Http;

/// <summary>What a raw request target asks for, read from its bytes as they came: nothing is normalized before.</summary>
internal readonly record struct RequestPath
{
    public required RequestKind Kind { get; init; }

    /// <summary>The base asked for; only for <see cref="RequestKind.Base"/>.</summary>
    public BaseKey Key { get; init; }

    /// <summary>1 or 2: rows are answered differently.</summary>
    public int ApiVersion { get; init; }

    /// <summary>What follows the UUID, decoded, without empty ends: <c>rows</c>, <c>rows/ID</c>, <c>debug/echo</c>, empty for the base itself.</summary>
    public string[] Rest { get; init; }

    public static RequestPath Parse(string rawTarget)
    {
        var path = rawTarget.Split('?', 2)[0];
        string[] segments = [.. path.Split('/').Skip(1).Select(Uri.UnescapeDataString)];
        if (segments is [.. var before, ""])
            segments = before;
        return segments switch
        {
            ["ping"] => new() { Kind = RequestKind.Ping, Rest = [] },
            ["api", "v1", "admin", "sys-info"] => new() { Kind = RequestKind.SysInfo, Rest = [] },
            ["bucketproxy", "release"] => new() { Kind = RequestKind.Release, Rest = [] },
            ["socket.io"] => new() { Kind = RequestKind.Socket, Rest = [] },
            ["dtables", var uuid, .. var rest] => OfBase(uuid, 1, rest),
            ["api", "v1", "dtables", var uuid, .. var rest] => OfBase(uuid, 1, rest),
            ["api", "v2", "dtables", var uuid, .. var rest] => OfBase(uuid, 2, rest),
            ["api", "v1", "internal", "dtables", var uuid, .. var rest] => OfBase(uuid, 1, rest),
            ["api", "v1", "internal", var uuid, "connected-apps", ..] => OfBase(uuid, 1, ["connected-apps"]),
            ["api", "v1", var uuid, "import-csv", ..] => OfBase(uuid, 1, ["import-csv"]),
            _ => new() { Kind = RequestKind.Unknown, Rest = [] },
        };
    }

    private static RequestPath OfBase(string uuid, int version, string[] rest) =>
        BaseKey.TryParse(uuid, out var key)
            ? new() { Kind = RequestKind.Base, Key = key, ApiVersion = version, Rest = rest }
            : new() { Kind = RequestKind.Malformed, Rest = [] };
}

internal enum RequestKind
{
    Unknown,
    Malformed,
    Ping,
    SysInfo,
    Release,
    Socket,
    Base,
}
