using BucketProxy.Forwarder.Http1;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Forwarder.Tests.Http1;

/// <summary>Whatever a destination says, and however it comes, is read as a plain reading of the whole has it; and what is read, all other readers read alike.</summary>
[Trait("Kind", "Fuzz")]
public sealed class AnswerFuzzTests
{
    private const int Cases = 2000;

    private static readonly string[] Words =
    [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", ",", "0", "5", "A", "0x5", "+", "\u00e9", "\u007f", "Content-Length: 5\r\n", "content-length:0\r\n", "Content-Length : 6\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Connection: close\r\n", " folded\r\n", "0\r\n\r\n", "5\r\nabcde\r\n", "5;a=\"b\"\r\nabcde\r\n", "ffffffffffffff\r\n", "HTTP/1.1 200 OK\r\n",
    ];

    private static readonly string[] Fields =
        ["X: 1", "Set-Cookie: a=b; c", "Connection: keep-alive", "Connection: a,\tClose", "Trailer: A", "Date:now", "X-Long: " + new string('y', 300), "ETag: \"\u00e9\" ", "Empty:"];

    // What some take for a length, a chunked body, or the end of a line.
    private static readonly string[] Disputed =
        ["Content-Length : 1", "Content-Length: 1\0", "X: 1\rContent-Length: 1", "X: 1\nContent-Length: 1", "X:\r\n Content-Length: 1", "Content-Length: 1, 1", "Content-Length: 1", "Transfer-Encoding: chunked", "Transfer-Encoding: x, chunked", "X\0: 1"];

    [Fact]
    public Task Answer_AnyBytesHoweverCut_IsReadAsTheReferenceReadsIt() => Fuzzing.RunAsync(Cases, random =>
    {
        var answer = Answer(random);
        var isToHead = random.Next(8) == 0;

        var read = Outcome(answer, [.. Pieces.Of(answer.Length, random).Select(piece => piece.End.Value)], isToHead);

        Assert.True(AnswerReference.Read(answer, isToHead) == read, $"{Spelled(answer)}\nis\n{Spelled(read)}\nand not\n{Spelled(AnswerReference.Read(answer, isToHead))}");
        return read is not (null or "no head");
    });

    // Else a server, a cache and we could each see another answer in one (RFC 9112 section 11.2).
    [Fact]
    public Task Answer_ThatIsAccepted_HasOneReading() => Fuzzing.RunAsync(Cases, random =>
    {
        var answer = Answer(random);
        var isToHead = random.Next(8) == 0;
        if (Outcome(answer, [], isToHead) is not { } read || !read.Contains("\nover, ", StringComparison.Ordinal))
            return false;
        // Some of all: each liberty is taken by half of them.
        for (var readers = 32; readers > 0; readers--)
        {
            var liberties = random.Next(LenientReading.All);
            var (status, ending) = new LenientReading(liberties).Read(answer, isToHead);
            Assert.True(read.EndsWith(ending, StringComparison.Ordinal) && read.Contains($"{status} '", StringComparison.Ordinal),
                $"{Spelled(answer)}\nis\n{Spelled(read)}\nand with liberties {liberties} {status} {Spelled(ending)}");
        }
        return true;
    });

    /// <summary>What came of it; null: it was refused.</summary>
    private static string? Outcome(string answer, int[] cuts, bool isToHead)
    {
        try
        {
            return ReadAnswer.Of(answer, cuts, isToHead);
        }
        catch (MalformedAnswerException)
        {
            return null;
        }
    }

    /// <summary>One that is whole, one that no server should give, or one with something wrong in it.</summary>
    private static string Answer(Random random) => random.Next(8) switch
    {
        0 => GeneratedAnswers.Next(random),
        1 => Mutations.Of(GeneratedAnswers.Next(random), random, Words),
        2 => Mutations.Of(MalformedAnswers.All[random.Next(MalformedAnswers.All.Count)].Answer, random, Words),
        3 or 4 => Whole(random),
        _ => Mutations.Of(Whole(random), random, Words),
    };

    private static string Whole(Random random)
    {
        var head = $"HTTP/1.{(random.Next(8) == 0 ? 0 : 1)} {(random.Next(4) == 0 ? random.Next(100, 1000) : 200)}{(random.Next(4) == 0 ? "" : " OK")}\r\n"
            + string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => (random.Next(16) == 0 ? Disputed[random.Next(Disputed.Length)] : Fields[random.Next(Fields.Length)]) + "\r\n"));
        var content = new string('b', random.Next(30));
        var behind = random.Next(4) == 0 ? "behind" : "";
        return random.Next(3) switch
        {
            0 => $"{head}Content-Length: {content.Length}\r\n\r\n{content}{behind}",
            1 => $"{head}Transfer-Encoding: chunked\r\n\r\n{string.Concat(content.Chunk(random.Next(1, 20)).Select(c => Chunk(c, random)))}0\r\n{(random.Next(4) == 0 ? "A: 1\r\nB: 2\r\n" : "")}\r\n{behind}",
            _ => $"{head}\r\n{content}",
        };
    }

    private static string Chunk(char[] content, Random random) =>
        $"{content.Length.ToString(random.Next(2) == 0 ? "x" : "X3", System.Globalization.CultureInfo.InvariantCulture)}{(random.Next(4) == 0 ? ";a=\"\u00e9\"" : "")}\r\n{new string(content)}\r\n";

    private static string Spelled(string? text) => text is null ? "refused" : System.Text.Json.JsonSerializer.Serialize(text.Length > 2000 ? text[..2000] : text);
}
