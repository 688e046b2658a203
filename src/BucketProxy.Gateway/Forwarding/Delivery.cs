using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// One request's way over a connection to its node, and the head of the answer back. One per <see cref="Exchange"/>, used again for each
/// request.
/// <code>
///   1 connection    an unused one, else a new one
///   2 request       head and what is there of the body in one go; the rest by a BodyPump, beside what follows
///   3 head          interim answers are skipped; status and headers become the client's
///   4 body          AnswerRelay; or the connection is handed over (101)
///   5 rest          the connection is kept if both messages came to their end, else closed
/// </code>
/// S4: a request is sent once. Two exceptions: a connection could not be made (<see cref="Delivered.Unreachable"/>), and a GET or HEAD
/// without a body on a connection that was used before and ended before a byte of the answer came, which is sent once more on
/// a new one.
/// </summary>
internal sealed class Delivery(Exchange exchange) : IConnectionUser
{
    private const int MostInterim = 16;
    private static readonly StringCache Reasons = new(places: 64, longest: 64);
    // Guards what others than the request's own flow may do: cancel it, or find that it expired.
    private readonly Lock _lock = new();
    private NodeConnection? _connection;
    private BodyPump? _pump;
    private CancellationTokenRegistration _onGone;
    private CancellationTokenRegistration _onCut;
    private bool _isCancelled;
    private bool _isExpired;
    private bool _isUpgrade;
    private int _interim;
    private bool _anyCame;

    /// <summary>The status that says what is wrong with the request, after <see cref="Delivered.RequestBroke"/>.</summary>
    public int RequestFault { get; private set; }

    /// <summary>The node's answer announced trailers, and the client's framing is ours to write.</summary>
    public bool FramesTrailers { get; private set; }

    /// <summary>The answer's body is none of ours: the client has it, or has been told that it broke off.</summary>
    public NodeConnection Connection => _connection ?? throw new InvalidOperationException("Nothing is under way.");

    /// <summary>Steps 1 to 3. After <see cref="Delivered.Answered"/> the connection is held until <see cref="EndAsync"/>.</summary>
    /// <param name="webSocketKey">As in <see cref="RequestHead.Write"/>.</param>
    /// <param name="cut">Cancels it, besides a client that goes away.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Delivered> BeginAsync(string? webSocketKey, CancellationToken cut)
    {
        Reset(webSocketKey is not null);
        var link = exchange.Link!;
        var gone = exchange.Http.RequestAborted;
        var head = new HeadWriter();
        try
        {
            RequestHead.Write(ref head, exchange, webSocketKey);
            _onGone = gone.UnsafeRegister(static d => ((Delivery)d!).Cancel(), this);
            _onCut = cut.UnsafeRegister(static d => ((Delivery)d!).Cancel(), this);
            // What is sent once should not meet a connection that the node has closed already.
            var connection = link.Take(forCertain: !exchange.IsSafe);
            while (true)
            {
                connection ??= await link.ConnectAsync(gone, cut);
                if (!TryHold(connection))
                    return Failed();
                try
                {
                    if (exchange.Body == RequestBody.None)
                        await connection.SendAsync(head.Written);
                    else
                        _pump = await BodyPump.BeginAsync(exchange, connection, head.Written);
                    do
                    {
                        if (!connection.EndFill(await connection.BeginFill()))
                            throw new IOException("The node closed the connection.");
                        _anyCame = true;
                    }
                    while (!TryReadHead(connection));
                    return _isCancelled ? Failed() : Delivered.Answered;
                }
                catch (Exception e) when (IsBreak(e) && MayGoAgain(connection))
                {
                    Release().Close();
                    connection = null;
                }
            }
        }
        catch (NodeUnreachableException)
        {
            return _isCancelled ? Delivered.Cancelled : Delivered.Unreachable;
        }
        catch (FormatException)
        {
            RequestFault = StatusCodes.Status400BadRequest;
            return Delivered.RequestBroke;
        }
        catch (BodyBrokeException e)
        {
            RequestFault = e.Status;
            return Delivered.RequestBroke;
        }
        catch (OperationCanceledException)
        {
            return Delivered.Cancelled;
        }
        catch (Exception e) when (IsBreak(e) || e is AuthenticationException)
        {
            return Failed();
        }
        finally
        {
            head.Dispose();
        }
    }

    /// <summary>Step 5, in any case: gives the connection back or closes it, and lets go of the request. When it returns, nothing of
    /// the request is in flight any more.</summary>
    /// <param name="isComplete">The answer was carried to its end.</param>
    public ValueTask EndAsync(bool isComplete)
    {
        _onGone.Dispose();
        _onCut.Dispose();
        NodeConnection? connection;
        lock (_lock)
        {
            connection = _connection;
            _connection = null;
        }
        if (_pump is { } pump)
            return EndPumpAsync(pump, connection, isComplete);
        if (connection is not null)
            Rest(connection, isComplete);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the connection away, after a 101. Closing it is the taker's.</summary>
    public NodeConnection HandOver()
    {
        _onGone.Dispose();
        _onCut.Dispose();
        return Release();
    }

    /// <summary>What a break means, by what happened before it.</summary>
    public Delivered Failed()
    {
        if (_pump?.Fault is { } fault)
        {
            RequestFault = fault;
            return Delivered.RequestBroke;
        }
        return _isCancelled ? Delivered.Cancelled : _isExpired ? Delivered.Expired : Delivered.NodeBroke;
    }

    /// <summary>Whether <paramref name="e"/> is how a broken connection shows.</summary>
    public static bool IsBreak(Exception e) => e is SocketException or IOException or ObjectDisposedException;

    public void Expire(NodeConnection connection)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_connection, connection))
                return;
            _isExpired = true;
            connection.Close();
            // Whoever waits for a client that does not read wakes by this only.
            if (exchange.Http.Response.HasStarted)
                exchange.Http.Abort();
        }
    }

    private void Cancel()
    {
        lock (_lock)
        {
            _isCancelled = true;
            _connection?.Close();
        }
    }

    private void Reset(bool isUpgrade)
    {
        _isCancelled = _isExpired = _anyCame = false;
        _isUpgrade = isUpgrade;
        _interim = 0;
        _pump = null;
        RequestFault = 0;
        FramesTrailers = false;
        exchange.Body = isUpgrade ? RequestBody.None : RequestBodies.Of(exchange.Http);
    }

    private bool TryHold(NodeConnection connection)
    {
        lock (_lock)
        {
            if (!_isCancelled)
            {
                connection.Touch();
                connection.User = this;
                _connection = connection;
                return true;
            }
        }
        connection.Close();
        return false;
    }

    private NodeConnection Release()
    {
        lock (_lock)
        {
            var connection = _connection!;
            connection.User = null;
            _connection = null;
            return connection;
        }
    }

    /// <summary>S4: safe, without a body, on a connection that was used before and ended before any answer began.</summary>
    private bool MayGoAgain(NodeConnection connection) =>
        exchange.IsSafe && exchange.Body == RequestBody.None && connection.IsUsed && !_anyCame && !_isCancelled && !_isExpired;

    /// <summary>Step 3. False while the head has not come completely.</summary>
    private bool TryReadHead(NodeConnection connection)
    {
        while (true)
        {
            var bytes = connection.FindHead();
            if (bytes.IsEmpty)
                return false;
            // "HTTP/1.1 1xx"
            if (bytes.Length > 9 && bytes[9] == '1')
            {
                var nothing = default(NoFields);
                if (AnswerHead.Read(bytes, ref nothing).Status != StatusCodes.Status101SwitchingProtocols)
                {
                    if (++_interim > MostInterim)
                        throw new MalformedAnswerException("The node sends interim answers without end.");
                    continue;
                }
                if (!_isUpgrade)
                    throw new MalformedAnswerException("The node switched protocols without having been asked to.");
            }
            // A move that cut a poll has answered it already.
            if (exchange.Poll?.TryAnswer() == false)
            {
                _isCancelled = true;
                return true;
            }
            Take(connection, bytes);
            return true;
        }
    }

    private void Take(NodeConnection connection, ReadOnlySpan<byte> bytes)
    {
        var http = exchange.Http;
        var response = http.Response;
        var fields = new AnswerFields(response.Headers);
        var head = AnswerHead.Read(bytes, ref fields);
        fields.Finish();
        connection.BeginBody(head, HttpMethods.IsHead(http.Request.Method));
        exchange.Slot?.Return();
        response.StatusCode = head.Status;
        if (!head.Reason.IsEmpty && !Ascii.Equals(head.Reason, ReasonPhrases.GetReasonPhrase(head.Status)))
            http.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = Reasons.Get(head.Reason);
        if (head.Length is { } length)
        {
            response.ContentLength = length;
            exchange.Bytes += length;
        }
        if (head.Status == StatusCodes.Status101SwitchingProtocols || !HttpProtocol.IsHttp11(http.Request.Protocol))
            return;
        if (exchange.ClosesConnection)
            response.Headers.Connection = "close";
        if (head.HasTrailers && !connection.IsBodyOver)
        {
            // The server leaves the framing to whoever sets this header; by itself it writes no trailers on HTTP/1.1.
            FramesTrailers = true;
            response.Headers.Trailer = fields.Trailers;
            response.Headers.TransferEncoding = "chunked";
        }
    }

    private void Rest(NodeConnection connection, bool isComplete)
    {
        if (isComplete)
            exchange.Link!.Return(connection);
        else
            connection.Close();
    }

    private async ValueTask EndPumpAsync(BodyPump pump, NodeConnection? connection, bool isComplete)
    {
        _pump = null;
        if (!isComplete || !pump.IsEnding)
        {
            // The node has answered before it had all of the body; what it waits for will not come.
            connection?.Close();
            pump.Cancel();
        }
        var isSent = await pump.Completion;
        if (connection is not null)
            Rest(connection, isComplete && isSent);
    }
}
