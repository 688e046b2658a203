using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// One request's way to a destination that may refuse it without taking anything (<see cref="RefusalTerms"/>): until it has agreed, nothing of the body is taken from the
/// client.
/// <code>
///   body                                            goes out                taken from the server
///   none                                            –                       –
///   all there, LongestShown at most                 with the head           when the answer is no refusal
///   else, or the client wants to be asked for it    behind the 100          as it goes out
/// </code>
/// </summary>
internal sealed class Agreement(RefusalTerms terms, Delivery delivery)
{
    /// <summary>A body that is sent without being taken stays in the server's buffer until the destination answers.</summary>
    public const int LongestShown = 16 * 1024;

    private static readonly byte[] HeadEnd = "\r\n"u8.ToArray();
    private static readonly byte[] Expecting = "Expect: 100-continue\r\n\r\n"u8.ToArray();
    private Stage _stage;

    /// <summary>The destination has taken nothing, and its connection is as good as before.</summary>
    public bool KeepsConnection { get; private set; }

    /// <summary>The destination waits for a body that will not come.</summary>
    public bool IsWithheld => _stage == Stage.Withheld;

    /// <summary>Sends the head, and the body if it is there and small.</summary>
    /// <exception cref="BodyBrokeException">The body is malformed.</exception>
    public async ValueTask SendAsync(DestinationConnection connection)
    {
        _stage = Stage.NoBody;
        var head = delivery.Head;
        // The marks go in front of the empty line: whoever wrote the head knows nothing of them.
        List<ReadOnlyMemory<byte>> parts = [head[..^HeadEnd.Length], terms.Line];
        if (delivery.Body == RequestBody.None)
        {
            parts.Add(HeadEnd);
            await connection.SendAsync(parts);
            return;
        }
        var body = delivery.Context.Request.BodyReader;
        if (!TryShow(body, out var shown))
        {
            _stage = Stage.Withheld;
            parts.Add(Expects(head.Span) ? HeadEnd : Expecting);
            await connection.SendAsync(parts);
            return;
        }
        try
        {
            parts.Add(HeadEnd);
            foreach (var memory in shown)
                parts.Add(memory);
            await connection.SendAsync(parts);
            _stage = Stage.Shown;
        }
        finally
        {
            // Sent once: what was sent is still the client's to give, as if nobody had looked at it.
            body.AdvanceTo(shown.Start, shown.Start);
        }
    }

    /// <summary>The destination says 100: it has agreed, and wants the body.</summary>
    public void Continue()
    {
        if (_stage != Stage.Withheld)
            return;
        _stage = Stage.Taken;
        delivery.Pump = BodyPump.Begin(delivery.Context.Request.BodyReader, delivery.Connection, delivery.Body, delivery.BodyLength);
    }

    /// <summary>The head of the answer is there, and was not taken yet.</summary>
    /// <exception cref="DestinationRefusedException">It is a refusal.</exception>
    /// <exception cref="MalformedAnswerException">It refuses what it had agreed to, or is no head.</exception>
    public void Judge(ReadOnlySpan<byte> bytes)
    {
        if (!IsRefusal(bytes, out var reason))
        {
            Take();
            return;
        }
        if (_stage == Stage.Taken)
            throw new MalformedAnswerException("The destination refuses a request that it had agreed to.");
        KeepsConnection = _stage != Stage.Withheld && delivery.Connection.IsBodyOver;
        throw new DestinationRefusedException(delivery.Destination.Prefix, reason);
    }

    /// <summary>Whether the body is there and small; if so, it is read, and not taken.</summary>
    private bool TryShow(PipeReader body, out ReadOnlySequence<byte> shown)
    {
        shown = default;
        // A client that waits to be asked for its body is asked when the destination asks: a look at it would ask.
        if (delivery.Body != RequestBody.Length || delivery.BodyLength > LongestShown || delivery.Context.Request.Headers.Expect.Count > 0)
            return false;
        if (!BodyPump.TryRead(body, out var read))
            return false;
        if (read.Buffer.Length == delivery.BodyLength)
        {
            shown = read.Buffer;
            return true;
        }
        body.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
        return false;
    }

    /// <summary>Whether the head says so already: YARP's own transforms pass the client's on.</summary>
    private bool Expects(ReadOnlySpan<byte> head)
    {
        if (delivery.Context.Request.Headers.Expect.Count == 0)
            return false;
        foreach (var line in head.Split("\r\n"u8))
        {
            if (head[line] is { Length: > 7 } field && Ascii.EqualsIgnoreCase(field[..7], "Expect:"u8))
                return true;
        }
        return false;
    }

    /// <summary>The destination has taken what was shown to it.</summary>
    private void Take()
    {
        if (_stage != Stage.Shown)
            return;
        _stage = Stage.Taken;
        var body = delivery.Context.Request.BodyReader;
        if (BodyPump.TryRead(body, out var read))
            body.AdvanceTo(read.Buffer.End);
    }

    private bool IsRefusal(ReadOnlySpan<byte> bytes, out string reason)
    {
        reason = "";
        // "HTTP/1.1 421": a quick look, before it is read a second time.
        Span<byte> status = stackalloc byte[3];
        if (bytes.Length < 12 || !terms.Status.TryFormat(status, out _, provider: CultureInfo.InvariantCulture) || !bytes[9..12].SequenceEqual(status))
            return false;
        var field = new OneField(terms.HeaderName);
        var head = AnswerHead.Read(bytes, ref field);
        if (field.Value is not { } value)
            return false;
        reason = value;
        delivery.Connection.BeginBody(head, delivery.IsHead);
        return true;
    }

    private enum Stage : byte
    {
        NoBody,
        Shown,
        Withheld,
        Taken,
    }

    /// <summary>Finds the value of one header.</summary>
    private struct OneField(string wanted) : IFieldSink
    {
        public string? Value { get; private set; }

        public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (Ascii.EqualsIgnoreCase(name, wanted))
                Value = Encoding.Latin1.GetString(value);
        }
    }
}
