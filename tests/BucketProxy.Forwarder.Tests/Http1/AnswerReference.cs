using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BucketProxy.Forwarder.Tests.Http1;

/// <summary>An answer read once more (RFC 9112): slow, from one whole text, by regular expressions, for comparison. What came of it is told as
/// <see cref="ReadAnswer"/> tells it.</summary>
internal static partial class AnswerReference
{
    private const int MostLines = 256;
    private const int LongestTrailers = 16 * 1024;

    [GeneratedRegex(@"\AHTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?\z")]
    private static partial Regex StatusLine { get; }

    [GeneratedRegex(@"\A([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)\z")]
    private static partial Regex Field { get; }

    [GeneratedRegex(@"\A([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]{0,4096})?\r\n")]
    private static partial Regex Size { get; }

    // What may still become one.
    [GeneratedRegex(@"\A(?:[0-9A-Fa-f]{0,15}|[0-9A-Fa-f]{1,15}(?:;[\t\x20-\x7e\x80-\xff]{0,4096})?\r?)\z")]
    private static partial Regex SizeBegun { get; }

    [GeneratedRegex(@"\G(?:[^\r\n]+\r\n)*")]
    private static partial Regex TrailerLines { get; }

    [GeneratedRegex(@"\A(?:[^\r\n]*|[^\r\n]*\r)\z")]
    private static partial Regex LineBegun { get; }

    /// <summary>The same text as <see cref="ReadAnswer.Of"/>; null when it is refused.</summary>
    public static string? Read(string answer, bool isToHead)
    {
        // Every line of a head ends in CRLF; the first that does not is found as soon as it has come.
        var lines = new List<string>();
        var at = 0;
        while (true)
        {
            var lf = answer.IndexOf('\n', at);
            if (lf < 0)
                return "no head";
            if (lf == at || answer[lf - 1] != '\r')
                return null;
            var line = answer[at..(lf - 1)];
            at = lf + 1;
            if (line.Length == 0)
                break;
            lines.Add(line);
        }
        if (lines.Count is 0 or > MostLines + 1 || StatusLine.Match(lines[0]) is not { Success: true } status)
            return null;
        var fields = lines.Skip(1).Select(l => Field.Match(l)).ToList();
        if (fields.Any(f => !f.Success))
            return null;
        var named = fields.Select(f => (Name: f.Groups[1].Value, Value: f.Groups[2].Value.Trim(' ', '\t'))).ToList();
        var lengths = Values("Content-Length");
        var encodings = Values("Transfer-Encoding");
        var isHttp10 = status.Groups[1].Value == "0";
        if (lengths.Count + encodings.Count > 1
            || lengths.Any(l => l.Length == 0 || l.Any(c => !char.IsAsciiDigit(c)) || !long.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            || encodings.Any(e => isHttp10 || !e.Equals("chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }
        var code = int.Parse(status.Groups[2].Value, CultureInfo.InvariantCulture);
        var length = lengths.Select(l => long.Parse(l, CultureInfo.InvariantCulture)).Cast<long?>().FirstOrDefault();
        var keeps = !isHttp10 && !Values("Connection").SelectMany(v => v.Split(',')).Any(o => o.Trim(' ', '\t').Equals("close", StringComparison.OrdinalIgnoreCase));
        var trailers = encodings.Count > 0 && Values("Trailer").Count > 0;
        var told = new StringBuilder();
        foreach (var (name, value) in named.Where(f => !f.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
            told.Append(name).Append('=').Append(value).Append('\n');
        told.Append(CultureInfo.InvariantCulture, $"{code} '{status.Groups[3].Value}' length={length} keeps={keeps} trailers={trailers}\n");

        var rest = answer[at..];
        if (isToHead || code is < 200 or 204 or 304)
            return Told("", "", true, rest);
        if (encodings.Count > 0)
            return ReadChunks(rest) is var (content, lastLines, isOver, behind) ? Told(content, lastLines, isOver, behind) : null;
        if (length is not { } announced)
            return Told(rest, "", true, "");
        var come = (int)Math.Min(announced, rest.Length);
        return Told(rest[..come], "", come == announced, rest[come..]);

        List<string> Values(string name) => [.. named.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

        string Told(string content, string lastLines, bool isOver, string behind) =>
            $"{told}{content}\n{lastLines}\n{(isOver ? "over" : "broken off")}, {behind.Length} left over";
    }

    /// <summary>What the chunks hold, the trailers, whether the last one came, and what follows; null: it is not chunked.</summary>
    private static (string Content, string Trailers, bool IsOver, string Behind)? ReadChunks(string rest)
    {
        var content = new StringBuilder();
        while (true)
        {
            if (Size.Match(rest) is not { Success: true } line)
                return SizeBegun.IsMatch(rest) ? (content.ToString(), "", false, "") : null;
            var size = long.Parse(line.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            rest = rest[line.Length..];
            if (size == 0)
                return ReadTrailers(rest) is var (trailers, isOver, behind) ? (content.ToString(), trailers, isOver, behind) : null;
            var come = (int)Math.Min(size, rest.Length);
            content.Append(rest, 0, come);
            rest = rest[come..];
            if (!rest.StartsWith("\r\n", StringComparison.Ordinal))
                return rest is "" or "\r" ? (content.ToString(), "", false, "") : null;
            rest = rest[2..];
        }
    }

    private static (string Trailers, bool IsOver, string Behind)? ReadTrailers(string rest)
    {
        var trailers = TrailerLines.Match(rest).Value;
        var behind = rest[trailers.Length..];
        if (behind.StartsWith("\r\n", StringComparison.Ordinal))
            return trailers.Length > LongestTrailers ? null : (trailers, true, behind[2..]);
        // A CR in front of the line's end may be the last line's, or a trailer's; only the latter is kept.
        var begun = behind == "\r" ? "" : behind;
        return LineBegun.IsMatch(behind) && trailers.Length + begun.Length <= LongestTrailers ? (trailers + begun, false, "") : null;
    }
}
