namespace BucketProxy.Import.Tests.Beside;

/// <summary>Pieces of configurations that both nginx and Caddy have: sets of UUIDs, patterns that find them, and patterns that find something else.</summary>
internal sealed class Phrases(Random random)
{
    private const string Hex = "0123456789abcdef";

    private readonly List<string> _prefixes = [];

    /// <summary>How UUIDs begin that the configuration treats in a way of their own.</summary>
    public IReadOnlyList<string> Prefixes => _prefixes;

    public bool OneIn(int n) => random.Next(n) == 0;

    public int Upto(int n) => random.Next(n + 1);

    public string Any(params ReadOnlySpan<string> of) => of[random.Next(of.Length)];

    /// <summary>A few first digits, and all the others.</summary>
    public (string Some, string Others) Sides() => random.Next(4) switch
    {
        0 => (Any("[0-9]", "\\d", "[[:digit:]]"), Any("[a-f]", "[a-zA-Z]", "[[:alpha:]]", "[^0-9/=]")),
        1 => ("[0-7]", Any("[89a-f]", "[8-9a-fA-F]", "[^0-7]")),
        2 => ("[0-4]", "[5-9a-f]"),
        _ => Mixed(),
    };

    /// <summary>One base, or some that begin alike: as its digits stand in a request.</summary>
    public string Exception()
    {
        var digits = new string([.. Enumerable.Range(0, random.Next(8, 16)).Select(_ => Hex[random.Next(16)])]);
        _prefixes.Add(digits);
        return digits.Length > 12 ? $"{digits[..8]}-{digits[8..12]}-{digits[12..]}" : digits.Length > 8 ? $"{digits[..8]}-{digits[8..]}" : digits + "-";
    }

    /// <summary>Finds UUIDs by their first digit, wherever SeaTable's programs write one.</summary>
    public string Found(string digit) => random.Next(8) switch
    {
        0 or 1 => digit + "[0-9a-f]{7}-[0-9a-f]{4}",
        2 => $"({digit})([0-9a-f]{{7}}-[0-9a-f]{{4}})",
        3 => $"[/=]{digit}[[:xdigit:]]{{7}}-",
        4 => $"\\b{digit}[0-9a-f]{{7,7}}\\b",
        5 => $"(?:/|dtable_uuid=){digit}\\w{{7}}-(\\w{{4}}-){{3}}",
        6 => $"(dtables/|dtable_uuid=|/v1/|/internal/){digit}",
        _ => $"^/.*[/=]{digit}[0-9a-f]+-.{{4}}-",
    };

    /// <summary>Finds UUIDs in a text that is a UUID.</summary>
    public string Begins(string digit) => Any($"^{digit}", $"^{digit}.{{7}}-", $"^({digit})[0-9a-f]+");

    /// <summary>Finds whatever it is.</summary>
    public string Noise() => random.Next(5) switch
    {
        0 => Any("^/api/v2/", "rows/?$", "socket\\.io", "^/dtables/[^/]+/?$", "internal", "polling$", "EIO=[34]", "^/socket.io/?$"),
        1 => Any(".*", "^$", "^[0-9]*", "^(x|)$", "[[:upper:]]", "%20", "\\?", "^/dtable-server/", "(a|b|rows)+/", "x{2,}", "^/ping/?$"),
        2 => Any("(?i)", "") + Any("^", "", "/") + Piece() + Piece() + Any("$", "", "/"),
        3 => $"{Any("^", "^/dtables/", "/", "=", "\\b")}{Hex[random.Next(16)]}{Any("", "[0-9a-f]{3}", ".", "\\w*-")}",
        _ => Exception(),
    };

    /// <summary>A path, or how one begins.</summary>
    public string Path() => Any(
        "/", "/socket.io/", "/socket.io", "/api/", "/api/v1/", "/api/v1/dtables/", "/api/v1/internal/", "/api/v2/", "/api/v2/dtables/", "/dtables/", "/dtables", "/dtable-server/", "/dtable-server",
        "/api-gateway/", "/api-gateway/api/v2/", "/ping/", "/x", "/API/", "/dtables/" + Hex[random.Next(16)]);

    private (string, string) Mixed()
    {
        var some = Hex.Where(_ => random.Next(2) == 0).ToArray();
        return some.Length is 0 or 16 ? ("[0-9]", "[a-f]") : ($"[{new string(some)}]", $"[{new string([.. Hex.Except(some)])}]");
    }

    private string Piece() => random.Next(6) switch
    {
        0 => Any("rows", "dtables", "api", "v1", "v2", "io", "uuid", "import-csv"),
        1 => Any("[0-9a-f]", "[^/]", "\\d", "\\w", ".", "[/=]", "\\W") + Any("", "+", "*", "{2}", "{1,3}", "?"),
        2 => $"({Piece()}|{Piece()})",
        3 => $"(?:{Piece()}){Any("?", "*", "+")}",
        4 => Any("\\b", "/", "-", "\\.", "="),
        _ => Hex[random.Next(16)].ToString(),
    };
}
