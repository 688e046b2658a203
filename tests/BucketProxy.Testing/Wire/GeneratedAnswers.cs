using System.Globalization;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>Answers as no server should give them: odd statuses with odd framing, spoilt at random. Some of them happen to be whole.</summary>
public static class GeneratedAnswers
{
    private static readonly string[] Versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1"];

    private static readonly string[] Statuses =
        ["100", "101", "102", "103", "150", "199", "200", "200", "204", "204", "205", "205", "206", "304", "304", "404", "421", "500", "599", "600", "999", "099", "1000", "20", "2x0"];

    private static readonly string[] Fields =
    [
        "Content-Length: 0", "Content-Length: 5", "Content-Length: 5", "Content-Length: 99999999999999999999", "Content-Length: +5", "Content-Length: 5, 5", "Content-Length:",
        "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Trailer: X-Sum", "Connection: close", "Connection: X-One", "Connection: Content-Length",
        "X-One: 1", "X-Latin: caf\u00e9", "X-Control: a\u0001b", "X-Return: a\rb", "X-Tab: a\tb", "X(1): 1", ": 1", "no colon", " folded", "Date: never", "Set-Cookie: a=b", "Upgrade: websocket",
    ];

    private static readonly string[] Bodies =
        ["", "", "abcde", "abcdefgh", "0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n", "5\r\nabcde\r\n0\r\nX-Sum: 1\r\n\r\n", "5\r\nabcdef\r\n0\r\n\r\n", "5\r\nabcde\r\n0\r\nX-Sum: a\u0001\r\n\r\n", "x\r\n"];

    /// <summary>The next one.</summary>
    public static string Next(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var answer = new StringBuilder();
        answer.Append(CultureInfo.InvariantCulture, $"{Pick(Versions)} {Pick(Statuses)} {Pick(["OK", "", "caf\u00e9", "a\rb", "a\u0001b"])}\r\n");
        for (var fields = random.Next(5); fields > 0; fields--)
            answer.Append(Pick(Fields)).Append("\r\n");
        answer.Append("\r\n").Append(Pick(Bodies));
        for (var spoilt = random.Next(3) == 0 ? 1 + random.Next(3) : 0; spoilt > 0 && answer.Length > 0; spoilt--)
        {
            var at = random.Next(answer.Length);
            switch (random.Next(4))
            {
                case 0:
                    answer.Remove(at, 1);
                    break;
                case 1:
                    answer.Insert(at, (char)random.Next(256));
                    break;
                case 2:
                    answer[at] = (char)random.Next(256);
                    break;
                default:
                    answer.Length = at;
                    break;
            }
        }
        return answer.ToString();

        string Pick(string[] from) => from[random.Next(from.Length)];
    }
}
