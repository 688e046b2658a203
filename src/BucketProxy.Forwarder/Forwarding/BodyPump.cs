using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// Carries a request's body to the destination while the answer is waited for: a destination may answer before it has all of it.
/// </summary>
internal sealed class BodyPump
{
    private readonly PipeReader _client;
    private readonly DestinationConnection _to;
    private readonly bool _isChunked;
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    // What an announced length still wants. Of the server's own bodies it always comes out; an application may put another in their place.
    private long _left;
    private volatile bool _isEnding;
    private volatile BodyBrokeException? _fault;

    private BodyPump(PipeReader client, DestinationConnection to, RequestBody framing, long length)
    {
        _client = client;
        _to = to;
        _isChunked = framing == RequestBody.Chunked;
        _left = _isChunked ? long.MaxValue : length;
    }

    /// <summary>The client's body has come completely, and its last part is on its way to the destination.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>Why the client's body could not be read; null while nothing is wrong with it. Set before the destination's connection is closed for
    /// it.</summary>
    public BodyBrokeException? Fault => _fault;

    /// <summary>True when all of the body was sent.</summary>
    public Task<bool> Completion { get; private set; } = Task.FromResult(false);

    /// <summary>Sends the head, together with what is there of the body.</summary>
    /// <param name="client">The body.</param>
    /// <param name="to">The destination.</param>
    /// <param name="head">The head.</param>
    /// <param name="framing">How the head announced the body.</param>
    /// <param name="length">How long, where it has a length.</param>
    /// <returns>What carries the rest; null when there is none.</returns>
    /// <exception cref="BodyBrokeException">The body is malformed, too large, cut off, or not as long as was announced.</exception>
    public static async ValueTask<BodyPump?> BeginAsync(
        PipeReader client, DestinationConnection to, ReadOnlyMemory<byte> head, RequestBody framing, long length)
    {
        var pump = new BodyPump(client, to, framing, length);
        var isThere = TryRead(client, out var read);
        // A client may wait for the destination to react to the head alone: what is not there is not waited for.
        pump._parts.Add(head);
        try
        {
            if (isThere && !pump.TryAdd(read))
                throw pump._fault!;
            await to.SendAsync(pump._parts);
        }
        finally
        {
            if (isThere)
                client.AdvanceTo(read.Buffer.End);
        }
        if (isThere && read.IsCompleted)
            return null;
        pump.Completion = pump.RunAsync();
        return pump;
    }

    /// <summary>Sends all of the body, behind a head that has gone out; what is wrong with it shows in <see cref="Fault"/>.</summary>
    /// <inheritdoc cref="BeginAsync"/>
    public static BodyPump Begin(PipeReader client, DestinationConnection to, RequestBody framing, long length)
    {
        var pump = new BodyPump(client, to, framing, length);
        pump.Completion = pump.RunAsync();
        return pump;
    }

    /// <summary>Reads what is there of a body, without waiting.</summary>
    /// <exception cref="BodyBrokeException">It is malformed, too large or cut off.</exception>
    public static bool TryRead(PipeReader client, out ReadResult read)
    {
        try
        {
            return client.TryRead(out read);
        }
        catch (Exception e)
        {
            throw new BodyBrokeException(StatusOf(e), e);
        }
    }

    /// <summary>Stops waiting for the client.</summary>
    public void Cancel()
    {
        // Later, it would meet whoever reads next.
        if (!Completion.IsCompleted)
            _client.CancelPendingRead();
    }

    private async Task<bool> RunAsync()
    {
        try
        {
            while (true)
            {
                ReadResult read;
                try
                {
                    read = await _client.ReadAsync();
                }
                catch (Exception e)
                {
                    _fault = new BodyBrokeException(StatusOf(e), e);
                    // The destination must not take what it has for the whole.
                    _to.Close();
                    return false;
                }
                if (read.IsCanceled)
                {
                    // Given back untouched: the server reads the rest away, and cannot where a read has no end.
                    _client.AdvanceTo(read.Buffer.Start);
                    return false;
                }
                _to.Touch();
                _parts.Clear();
                try
                {
                    if (!TryAdd(read))
                    {
                        _to.Close();
                        return false;
                    }
                    _isEnding = read.IsCompleted;
                    if (_parts.Count > 0)
                        await _to.SendAsync(_parts);
                }
                finally
                {
                    _client.AdvanceTo(read.Buffer.End);
                }
                if (read.IsCompleted)
                    return true;
            }
        }
        catch (Exception e) when (Breaks.IsBreak(e))
        {
            // Whoever waits for the answer sees it too. It may be there: a destination that refuses a body closes behind its answer.
            return false;
        }
    }

    /// <summary>False: it is not as long as was announced, and must not go out. What came behind it on the connection would be read as part of it, or
    /// the rest of it as another request.</summary>
    private bool TryAdd(in ReadResult read)
    {
        var size = read.Buffer.Length;
        _left -= size;
        if (_left < 0 || (read.IsCompleted && !_isChunked && _left > 0))
        {
            _fault = new BodyBrokeException(
                StatusCodes.Status400BadRequest, new InvalidOperationException("The body is not as long as its Content-Length says."));
            return false;
        }
        if (_isChunked && size > 0)
            _parts.Add(Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
        foreach (var memory in read.Buffer)
        {
            if (!memory.IsEmpty)
                _parts.Add(memory);
        }
        if (!_isChunked)
            return true;
        if (size > 0)
            _parts.Add(LineEnd);
        if (read.IsCompleted)
            _parts.Add(LastChunk);
        return true;
    }

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();
    private static readonly byte[] LastChunk = "0\r\n\r\n"u8.ToArray();

    /// <summary>What a fault of reading a body tells the client.</summary>
    private static int StatusOf(Exception e) =>
        e is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest;
}
