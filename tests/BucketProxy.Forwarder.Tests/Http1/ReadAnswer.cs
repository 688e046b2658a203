using System.Text;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Tests.Http1;

/// <summary>Reads one answer out of bytes that come in pieces, as a connection does; what came of it, in one text.</summary>
internal static class ReadAnswer
{
    /// <param name="answer">Latin-1.</param>
    /// <param name="cuts">Where a read ends, in bytes from the beginning.</param>
    /// <param name="isToHead">The request was a HEAD.</param>
    /// <returns>Status, headers, body, trailers, how it ended, and what was left over.</returns>
    /// <exception cref="MalformedAnswerException">It is none.</exception>
    public static string Of(string answer, IEnumerable<int> cuts, bool isToHead = false)
    {
        var bytes = Encoding.Latin1.GetBytes(answer);
        var reads = Pieces(bytes, cuts);
        var scanner = default(HeadScanner);
        var come = new List<byte>();
        var text = new StringBuilder();
        var length = 0;
        while (length == 0 && reads.TryDequeue(out var read))
        {
            come.AddRange(read);
            length = scanner.Find([.. come]);
        }
        if (length == 0)
            return "no head";
        var sink = new Texts(text);
        var head = AnswerHead.Read(come.ToArray().AsSpan(0, length), ref sink);
        text.Append($"{head.Status} '{Encoding.Latin1.GetString(head.Reason)}' length={head.Length} keeps={head.KeepsConnection} trailers={head.HasTrailers}\n");
        var body = new AnswerBody(head, isToHead);
        var content = new StringBuilder();
        var over = 0;
        Take([.. come[length..]]);
        while (reads.TryDequeue(out var read))
            Take(read);
        var isOver = body.IsOver;
        var ending = "over";
        if (!isOver)
        {
            try
            {
                body.End();
            }
            catch (IOException)
            {
                ending = "broken off";
            }
        }
        return text.Append(content).Append('\n').Append(Encoding.Latin1.GetString(body.Trailers.Span)).Append($"\n{ending}, {over} left over").ToString();

        void Take(byte[] data)
        {
            var part = body.Take(data, out var used);
            content.Append(Encoding.Latin1.GetString(data, 0, part));
            over += data.Length - used;
        }
    }

    private static Queue<byte[]> Pieces(byte[] bytes, IEnumerable<int> cuts)
    {
        var pieces = new Queue<byte[]>();
        var from = 0;
        foreach (var cut in cuts.Where(c => c > 0 && c < bytes.Length).Distinct().Order().Append(bytes.Length))
        {
            pieces.Enqueue(bytes[from..cut]);
            from = cut;
        }
        return pieces;
    }

    private readonly struct Texts(StringBuilder to) : IFieldSink
    {
        public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
            to.Append(Encoding.Latin1.GetString(name)).Append('=').Append(Encoding.Latin1.GetString(value)).Append('\n');
    }
}
