using System.Globalization;

namespace BucketProxy.Forwarder.Tests.Http1;

/// <summary>An answer as some other reader may take it, who forgives what ours does not. What ours accepts, all of them must read alike.</summary>
/// <param name="liberties">Which liberties this one takes: a bit for each, of <see cref="All"/>.</param>
internal sealed class LenientReading(int liberties)
{
    /// <summary>How many combinations of liberties there are.</summary>
    public const int All = 1 << 8;

    private readonly bool _lfEndsLines = (liberties & 1) != 0;
    private readonly bool _crEndsLines = (liberties & 2) != 0;
    private readonly bool _foldsLines = (liberties & 4) != 0;
    private readonly bool _trimsNames = (liberties & 8) != 0;
    private readonly bool _lastLengthCounts = (liberties & 16) != 0;
    private readonly bool _lengthCountsFirst = (liberties & 32) != 0;
    private readonly bool _anyEncodingIsChunked = (liberties & 64) != 0;
    private readonly bool _cutsAtZero = (liberties & 128) != 0;

    /// <summary>The status, and the end of what <see cref="ReadAnswer.Of"/> tells of an answer that is over.</summary>
    public (string Status, string Ending) Read(string answer, bool isToHead)
    {
        var rest = answer;
        var status = NextLine(ref rest).Split(' ')[1];
        List<string> lines = [];
        for (var line = NextLine(ref rest); line.Length > 0; line = NextLine(ref rest))
        {
            if (_foldsLines && line[0] is ' ' or '\t' && lines.Count > 0)
                lines[^1] += line;
            else
                lines.Add(_cutsAtZero ? line.Split('\0')[0] : line);
        }
        var fields = lines.Where(l => l.Contains(':', StringComparison.Ordinal)).Select(l => l.Split(':', 2)).Select(f => (Name: _trimsNames ? f[0].Trim() : f[0], Value: f[1].Trim())).ToList();
        var lengths = fields.Where(f => f.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Select(f => f.Value.Split(',')[0]).ToList();
        var isChunked = fields.Any(f => f.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
            && (_anyEncodingIsChunked ? f.Value.Contains("chunked", StringComparison.OrdinalIgnoreCase) : f.Value.Equals("chunked", StringComparison.OrdinalIgnoreCase)));
        if (isToHead || status[0] == '1' || status is "204" or "304")
            return (status, Told("", "", rest));
        if (lengths.Count > 0 && (!isChunked || _lengthCountsFirst))
        {
            var length = (int)Number(_lastLengthCounts ? lengths[^1] : lengths[0], 10);
            return (status, Told(rest[..Math.Min(length, rest.Length)], "", rest[Math.Min(length, rest.Length)..]));
        }
        return (status, isChunked ? ReadChunks(rest) : Told(rest, "", ""));
    }

    private string ReadChunks(string rest)
    {
        var content = "";
        while (Number(NextLine(ref rest).Trim(), 16) is var size and > 0)
        {
            var come = (int)Math.Min(size, rest.Length);
            content += rest[..come];
            rest = rest[come..];
            NextLine(ref rest);
        }
        var trailers = "";
        for (var line = NextLine(ref rest); line.Length > 0; line = NextLine(ref rest))
            trailers += line + "\r\n";
        return Told(content, trailers, rest);
    }

    private static string Told(string content, string trailers, string behind) => $"\n{content}\n{trailers}\nover, {behind.Length} left over";

    /// <summary>The digits at the beginning, whatever follows.</summary>
    private static long Number(string text, int radix)
    {
        var digits = string.Concat(text.TakeWhile(c => radix == 16 ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c))).TrimStart('0');
        return digits.Length == 0 ? 0 : long.Parse(digits[..Math.Min(15, digits.Length)], radix == 16 ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private string NextLine(ref string rest)
    {
        for (var i = 0; i < rest.Length; i++)
        {
            var isCrLf = rest[i] == '\r' && i + 1 < rest.Length && rest[i + 1] == '\n';
            if (!isCrLf && !(rest[i] == '\n' && _lfEndsLines) && !(rest[i] == '\r' && _crEndsLines))
                continue;
            var line = rest[..i];
            rest = rest[(i + (isCrLf ? 2 : 1))..];
            return line;
        }
        var last = rest;
        rest = "";
        return last;
    }
}
