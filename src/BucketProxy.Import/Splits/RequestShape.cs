namespace BucketProxy.Import.Splits;

/// <summary>A kind of request, with a place for a base's UUID.</summary>
/// <param name="Path">Its path; '*' stands for the UUID.</param>
/// <param name="Query">Its query without the '?'; '*' stands for the UUID.</param>
/// <param name="Strips">What of the path's beginning we take off before it is forwarded.</param>
internal sealed record RequestShape(string Path, string Query = "", string Strips = "")
{
    public const char Mark = '*';

    /// <summary>How the UUID is written.</summary>
    public UuidForm Form { get; init; } = UuidForm.Usual;

    /// <summary>The path that a server gets from us.</summary>
    public string Forwarded => Path[Strips.Length..];

    public string Target => Query.Length == 0 ? Path : $"{Path}?{Query}";

    /// <summary>Where SeaTable's programs name a base.</summary>
    public static IReadOnlyList<RequestShape> Usual { get; } =
    [
        new("/dtables/*"),
        new("/dtables/*/"),
        new("/api/v1/dtables/*/rows/", "table_name=Table1&view_name=Default%20View"),
        new("/api/v1/dtables/*/batch-append-rows/"),
        new("/api/v1/dtables/*/metadata/"),
        new("/api/v1/internal/dtables/*/"),
        new("/api/v1/internal/dtables/*/update-rows/"),
        new("/api/v2/dtables/*/"),
        new("/api/v2/dtables/*/rows/", "convert_keys=true"),
        new("/api/v1/*/import-csv/"),
        new("/api/v1/internal/*/connected-apps/"),
        new("/socket.io/", "dtable_uuid=*&EIO=4&transport=polling&t=P5jXkQk"),
        new("/socket.io/", "EIO=3&transport=websocket&dtable_uuid=*"),
        new("/socket.io", "dtable_uuid=*&EIO=4&transport=websocket&sid=Oy-rQsZyVn8UAAAC"),
    ];

    /// <summary>What may come as well, where another proxy may do otherwise than we do.</summary>
    public static IReadOnlyList<(string Name, RequestShape Shape)> Unusual { get; } =
    [
        ("a UUID in upper case", new("/api/v1/dtables/*/rows/") { Form = new UuidForm(IsUpper: true) }),
        ("a UUID of 32 hex digits, in a path", new("/api/v1/dtables/*/rows/") { Form = new UuidForm(HasDashes: false) }),
        ("a UUID of 32 hex digits, in a query", new("/socket.io/", "dtable_uuid=*&EIO=4&transport=polling") { Form = new UuidForm(HasDashes: false) }),
        ("a UUID with a percent-encoded digit", new("/api/v1/dtables/*/rows/") { Form = new UuidForm(IsEncoded: true) }),
        ("a UUID that begins with a letter in the query of a request for another base", new("/api/v1/dtables/*/rows/", "filters=c0ffee00-1111-4111-8111-111111111111")),
        ("a UUID that begins with a digit in the query of a request for another base", new("/api/v1/dtables/*/rows/", "filters=12345678-1111-4111-8111-111111111111")),
        ("a path behind /dtable-server", new("/dtable-server/api/v1/dtables/*/rows/", Strips: "/dtable-server")),
        ("a path behind /api-gateway", new("/api-gateway/api/v2/dtables/*/rows/", Strips: "/api-gateway")),
        ("a socket.io request behind /api-gateway", new("/api-gateway/socket.io/", "dtable_uuid=*&EIO=4&transport=polling", "/api-gateway")),
    ];

    /// <summary>What a condition is asked about.</summary>
    /// <returns>The text with the mark; without one where the UUID is no part of it.</returns>
    public string Text(Condition condition) => condition.Subject switch
    {
        Subject.Target => Target,
        Subject.Path => Uri.UnescapeDataString(Path),
        Subject.Query => Query,
        Subject.DecodedArgument => string.Join(',', Query.Split('&').Select(p => p.Split('=', 2).Select(part => Uri.UnescapeDataString(part.Replace('+', ' '))).ToArray())
            .Where(p => p[0] == condition.Argument).Select(p => p.Length > 1 ? p[1] : "")),
        _ => Query.Split('&').Select(p => p.Split('=', 2))
            .Where(p => p[0].Equals(condition.Argument, StringComparison.OrdinalIgnoreCase)).Select(p => p.Length > 1 ? p[1] : "").FirstOrDefault() ?? "",
    };

    /// <summary>The request for one base.</summary>
    public string For(IReadOnlyList<int> digits) => Target.Replace(Mark.ToString(), Form.Write(digits), StringComparison.Ordinal);
}
