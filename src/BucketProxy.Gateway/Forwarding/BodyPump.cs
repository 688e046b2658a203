using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// Carries a request's body to the node while the answer is waited for: a node may answer before it has all of it.
/// </summary>
internal sealed class BodyPump
{
    private readonly PipeReader _client;
    private readonly NodeConnection _node;
    private readonly bool _isChunked;
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private volatile bool _isEnding;
    private volatile int _fault;

    private BodyPump(PipeReader client, NodeConnection node, bool isChunked)
    {
        _client = client;
        _node = node;
        _isChunked = isChunked;
    }

    /// <summary>The client's body has come completely, and its last part is on its way to the node.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>The status that says why the client's body could not be read; null while nothing is wrong with it. Set before the node's
    /// connection is closed for it.</summary>
    public int? Fault => _fault == 0 ? null : _fault;

    /// <summary>True when all of the body was sent.</summary>
    public Task<bool> Completion { get; private set; } = Task.FromResult(false);

    /// <summary>Sends the head, together with what is there of the body.</summary>
    /// <returns>What carries the rest; null when there is none.</returns>
    /// <exception cref="BodyBrokeException">The body is malformed, too large, or cut off.</exception>
    public static async ValueTask<BodyPump?> BeginAsync(Exchange exchange, NodeConnection node, ReadOnlyMemory<byte> head)
    {
        var pump = new BodyPump(exchange.Http.Request.BodyReader, node, exchange.Body == RequestBody.Chunked);
        ReadResult read;
        bool isThere;
        try
        {
            isThere = pump._client.TryRead(out read);
        }
        catch (Exception e) when (StatusOf(e) is not 0)
        {
            throw new BodyBrokeException(StatusOf(e));
        }
        // A client may wait for the node to react to the head alone: what is not there is not waited for.
        pump._parts.Add(head);
        if (isThere)
            pump.Add(read);
        try
        {
            await node.SendAsync(pump._parts);
        }
        finally
        {
            if (isThere)
                pump._client.AdvanceTo(read.Buffer.End);
        }
        if (isThere && read.IsCompleted)
            return null;
        pump.Completion = pump.RunAsync();
        return pump;
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
                catch (Exception e) when (StatusOf(e) is not 0)
                {
                    // The node must not take what it has for the whole.
                    _fault = StatusOf(e);
                    _node.Close();
                    return false;
                }
                if (read.IsCanceled)
                    return false;
                _node.Touch();
                _isEnding = read.IsCompleted;
                _parts.Clear();
                Add(read);
                try
                {
                    if (_parts.Count > 0)
                        await _node.SendAsync(_parts);
                }
                finally
                {
                    _client.AdvanceTo(read.Buffer.End);
                }
                if (read.IsCompleted)
                    return true;
            }
        }
        catch (Exception e) when (Delivery.IsBreak(e))
        {
            // Whoever waits for the answer sees it too. It may be there: a node that refuses a body closes behind its answer.
            return false;
        }
    }

    private void Add(in ReadResult read)
    {
        var size = read.Buffer.Length;
        if (_isChunked && size > 0)
            _parts.Add(Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
        foreach (var memory in read.Buffer)
        {
            if (!memory.IsEmpty)
                _parts.Add(memory);
        }
        if (!_isChunked)
            return;
        if (size > 0)
            _parts.Add(LineEnd);
        if (read.IsCompleted)
            _parts.Add(LastChunk);
    }

    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();
    private static readonly byte[] LastChunk = "0\r\n\r\n"u8.ToArray();

    /// <summary>What a fault of reading a body tells the client; 0 when it is none.</summary>
    private static int StatusOf(Exception e) => e switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        IOException or OperationCanceledException or InvalidOperationException => StatusCodes.Status400BadRequest,
        _ => 0,
    };
}
