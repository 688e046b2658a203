using BucketProxy.Forwarder.Http1;
using BucketProxy.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Forwarder.Tests.Http1;

[Trait("Kind", "Fuzz")]
public sealed class AnswerSplitPropertyTests
{
    private const int Runs = 2000;

    // Pieces of answers, whole and broken: what they make when strung together is read, or refused, alike however it is split.
    private static readonly Gen<string> Line = Gen.Elements(
        "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "X: 1\r\n", "Set-Cookie: a=b; c\r\n",
        "Connection: close\r\n", "Trailer: A\r\n", "X-Long: " + new string('y', 300) + "\r\n", "X: \u00e9\r\n", "X: 1\n", " folded\r\n", "nothing\r\n");

    private static readonly Gen<string> Body = Gen.Elements(
        "abcde", "5\r\nabcde\r\n", "3;e=1\r\nabc\r\n", "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n", "0\r\n\r\n", "0\r\nA: 1\r\n\r\n", "\r\n", "0", "x", "");

    private static readonly Gen<string> Answer =
        from start in Gen.Elements("HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 404 Not Found\r\n", "HTTP/1.1 204\r\n", "HTTP/1.1 200 OK\n")
        from lines in Line.ListOf(3)
        from end in Gen.Frequency((9, Gen.Constant("\r\n")), (1, Gen.Constant("\n")))
        from body in Body.ListOf(4)
        from seed in Gen.Choose(0, int.MaxValue)
        let whole = start + string.Concat(lines) + end + string.Concat(body)
        select seed % 2 == 0 ? whole : Mutations.Of(whole, new System.Random(seed), "\r\n", "\n", "\r", ":", ";", "0", "5", "chunked", "0\r\n\r\n");

    [Fact]
    public void Answer_AnySplitIntoReads_SameResult()
    {
        var cases = from answer in Answer
                    from cuts in Gen.Choose(1, 400).ListOf()
                    select (answer, cuts);
        var check = Prop.ForAll(cases.ToArbitrary(), c => Outcome(c.answer, c.cuts) == Outcome(c.answer, []));
        // A failure prints the seed; give it to Config to replay.
        Fuzzing.Repeat(() => check.Check(Config.QuickThrowOnFailure.WithMaxTest(Runs)));
    }

    [Fact]
    public void Chunks_AnyContentAndSizes_ComeBackAsTheyWere()
    {
        var parts = Gen.Choose(0, 255).Select(i => (char)i).ListOf().Where(p => p.Count > 0).Select(p => string.Concat(p)).ListOf();
        var cases = from content in parts
                    from cuts in Gen.Choose(1, 600).ListOf()
                    select (content, cuts);
        var check = Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + string.Concat(c.content.Select(p => $"{p.Length:x}\r\n{p}\r\n")) + "0\r\n\r\n";
            return ReadAnswer.Of(answer, c.cuts)
                == "Transfer-Encoding=chunked\n200 'OK' length= keeps=True trailers=False\n" + string.Concat(c.content) + "\n\nover, 0 left over";
        });
        Fuzzing.Repeat(() => check.Check(Config.QuickThrowOnFailure.WithMaxTest(Runs)));
    }

    private static string Outcome(string answer, IEnumerable<int> cuts)
    {
        try
        {
            return ReadAnswer.Of(answer, cuts);
        }
        catch (MalformedAnswerException e)
        {
            return e.Message;
        }
    }
}
