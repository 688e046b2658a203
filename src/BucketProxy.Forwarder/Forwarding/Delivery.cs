using System.Text;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// One request's way over a connection to its destination, and the head of the answer back. <see cref="DirectForwarder"/> takes it from step to step. Used again
/// for other requests.
/// <code>
///   1 connection    an unused one, else a new one                                                              (ConnectionHold)
///   2 request       head and what is there of the body in one go; the rest by a BodyPump, beside what follows  (Translator, BodyPump; Agreement)
///   3 head          interim answers are skipped; status and headers become the client's                        (Translator)
///   4 body          AnswerRelay; or the connection is handed over (101)
///   5 rest          the connection is kept if both messages came to their end, else closed
/// </code>
/// Sent once: a request goes out once. Exceptions: a connection could not be made (<see cref="Delivered.Unreachable"/>) or the destination took nothing
/// (<see cref="Delivered.Refused"/>), after which the caller may have it sent again; and a GET or HEAD without a body on a connection that was used before and ended
/// before a byte of the answer came, which is sent once more on a new one.
/// </summary>
internal sealed class Delivery
{
    private const int MostInterim = 16;
    private readonly ConnectionHold _hold = new();
    private Destination _destination = null!;
    private Translator _translator = null!;
    private HeadWriter _head;
    private int _interim;
    private bool _anyCame;

    /// <summary>Whose request it is.</summary>
    public HttpContext Context { get; private set; } = null!;

    public Destination Destination => _destination;

    /// <summary>How the body is framed.</summary>
    public RequestBody Body { get; set; }

    /// <summary>How long the body is, where <see cref="Body"/> says that it has a length.</summary>
    public long BodyLength { get; set; }

    /// <summary>GET or HEAD, as the destination sees it.</summary>
    public bool IsSafe { get; set; }

    /// <summary>HEAD, as the destination sees it: its answer has no body.</summary>
    public bool IsHead { get; set; }

    /// <summary>The upgrade that it asks for.</summary>
    public Upgrade Upgrade { get; private set; }

    /// <summary>For an upgrade whose client has none (RFC 8441 section 5): HTTP/1.1 wants one, and what comes back is ours to check.</summary>
    public string? WebSocketKey { get; set; }

    /// <summary>The destination's answer announced trailers, and the client's framing is ours to write.</summary>
    public bool FramesTrailers { get; set; }

    /// <summary>Something of the destination's answer stands in the client's.</summary>
    public bool HasTaken { get; private set; }

    /// <summary>The destination has switched protocols.</summary>
    public bool IsSwitched { get; private set; }

    /// <summary>The status that says what is wrong with the request, after <see cref="Delivered.RequestBroke"/>.</summary>
    public int RequestFault { get; private set; }

    /// <summary>What ended it, where it did not end well.</summary>
    public Exception? Error { get; private set; }

    /// <summary>What it is carried on, after <see cref="Delivered.Answered"/>.</summary>
    public DestinationConnection Connection => _hold.Connection;

    /// <summary>The head of the request, until that of the answer has come.</summary>
    public ReadOnlyMemory<byte> Head => _head.Written;

    /// <summary>Sends the body beside what follows; null where there is none to send.</summary>
    public BodyPump? Pump { get; set; }

    /// <summary>What holds for it beyond YARP's configuration; null in the usual case.</summary>
    public IDeliveryTermsFeature? Terms { get; private set; }

    /// <summary>Between it and a destination that may refuse it; null: this one cannot.</summary>
    public Agreement? Agreement { get; private set; }

    /// <summary>Some of the client's body has not come yet, or was not asked for.</summary>
    public bool IsBodyOpen => Pump is { IsEnding: false } || Agreement is { IsWithheld: true };

    /// <summary>Writes the head and begins to listen for who cancels it. Whatever comes of it, <see cref="EndAsync"/> follows.</summary>
    /// <param name="context">The request.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="translator">How.</param>
    /// <param name="upgrade">The upgrade that it asks for.</param>
    /// <param name="terms">What holds for it beyond YARP's configuration.</param>
    /// <param name="patience">As <see cref="IConnectionUser.Patience"/>.</param>
    /// <param name="gone">The client goes away.</param>
    /// <param name="token">Cancels it, too.</param>
    public void Begin(
        HttpContext context,
        Destination destination,
        Translator translator,
        Upgrade upgrade,
        IDeliveryTermsFeature? terms,
        int patience,
        CancellationToken gone,
        CancellationToken token)
    {
        Set(context, destination, translator, upgrade);
        if (terms is not null)
        {
            Terms = terms;
            Agreement = terms.Refusal is { } refusal ? new Agreement(refusal, this) : null;
        }
        _head = new HeadWriter();
        translator.WriteHead(ref _head, this);
        _hold.Begin(context, patience, gone, token);
    }

    /// <summary>Step 1: an unused connection; null if there is none.</summary>
    // What is sent once should not meet a connection that the destination has closed already.
    public DestinationConnection? TakeUnused() => _destination.Take(forCertain: !IsSafe);

    /// <summary>The connection that it goes on, from here on. False: it was cancelled before, and the connection is closed.</summary>
    public bool TryHold(DestinationConnection connection) => _hold.TryHold(connection);

    /// <summary>Step 3, behind each receive. False while the head has not come completely.</summary>
    public bool TryReadHead(DestinationConnection connection)
    {
        _anyCame = true;
        while (true)
        {
            var bytes = connection.FindHead();
            if (bytes.IsEmpty)
                return false;
            // "HTTP/1.1 1xx"
            if (bytes.Length > 9 && bytes[9] == '1')
            {
                var nothing = default(NoFields);
                var status = AnswerHead.Read(bytes, ref nothing).Status;
                if (status != StatusCodes.Status101SwitchingProtocols)
                {
                    if (++_interim > MostInterim)
                        throw new MalformedAnswerException("The destination sends interim answers without end.");
                    if (status == StatusCodes.Status100Continue)
                        Agreement?.Continue();
                    continue;
                }
                if (Upgrade == Upgrade.None)
                    throw new MalformedAnswerException("The destination switched protocols without having been asked to.");
                IsSwitched = true;
            }
            else if (Upgrade == Upgrade.ExtendedConnect && bytes.Length > 9 && bytes[9] == '2')
            {
                // To such a client any success opens the tunnel (RFC 8441 section 5).
                throw new MalformedAnswerException("The destination accepts a websocket, and does not switch protocols.");
            }
            Agreement?.Judge(bytes);
            HasTaken = true;
            try
            {
                _translator.TakeHead(bytes, this);
                if (Terms?.HiddenHeader is { } hidden)
                    Context.Response.Headers.Remove(hidden);
                if (IsBodyOpen)
                    ClientConnection.End(Context);
            }
            catch (InvalidOperationException e) when (e is not ObjectDisposedException)
            {
                // The server's headers, for example, take nothing but ASCII unless they are told to.
                throw new AnswerNotTakenException(e);
            }
            _head.Dispose();
            return true;
        }
    }

    /// <summary>Whether it may go out once more: safe, without a body, on a connection that was used before and broke before any answer began.</summary>
    public bool MayGoAgain(Exception e, DestinationConnection connection) =>
        Breaks.IsBreak(e) && IsSafe && Body == RequestBody.None && connection.IsUsed && !_anyCame && !_hold.IsCancelled && !_hold.IsExpired;

    /// <summary>Lets go of the connection that it shall not go on after all.</summary>
    public void Drop() => _hold.Release()?.Close();

    /// <summary>Says what is to be delivered; nothing is done yet.</summary>
    public void Set(HttpContext context, Destination destination, Translator translator, Upgrade upgrade)
    {
        Context = context;
        _destination = destination;
        _translator = translator;
        Upgrade = upgrade;
        translator.Describe(this);
    }

    /// <summary>Step 5, in any case: gives the connection back or closes it, and lets go of the request. When it has ended, nothing of the request is in
    /// flight any more.</summary>
    /// <param name="isComplete">The answer was carried to its end.</param>
    public ValueTask EndAsync(bool isComplete)
    {
        _head.Dispose();
        var connection = _hold.End();
        if (Pump is { } pump)
            return EndPumpAsync(pump, connection, isComplete);
        if (connection is not null)
            Rest(connection, Agreement is { } agreement ? agreement.KeepsConnection || (isComplete && !agreement.IsWithheld) : isComplete);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the connection away, after a 101. Closing it is the taker's. <see cref="EndAsync"/> still follows.</summary>
    public DestinationConnection HandOver() => _hold.End() ?? throw new InvalidOperationException("Nothing is under way.");

    /// <summary>What an exception means that <see cref="Breaks.IsAnEnd"/>.</summary>
    public Delivered Failed(Exception e, bool isAnswering)
    {
        Error = e is AnswerNotTakenException ? e.InnerException : e;
        switch (e)
        {
            case AnswerNotTakenException:
                return Delivered.AnswerNotTaken;
            case DestinationUnreachableException:
                return _hold.IsCancelled ? Delivered.Cancelled : Delivered.Unreachable;
            case DestinationRefusedException:
                return _hold.IsCancelled ? Delivered.Cancelled : Delivered.Refused;
            case FormatException or EncoderFallbackException:
                return Delivered.RequestMalformed;
            case BodyBrokeException broke:
                RequestFault = broke.Status;
                return Delivered.RequestBroke;
            case OperationCanceledException when !isAnswering:
                return Delivered.Cancelled;
            default:
                return Failed(e);
        }
    }

    /// <summary>What a break means, by what happened before it.</summary>
    public Delivered Failed(Exception? error)
    {
        Error = error;
        if (Pump?.Fault is { } fault)
        {
            Error = fault;
            RequestFault = fault.Status;
            return Delivered.RequestBroke;
        }
        return _hold.IsCancelled ? Delivered.Cancelled : _hold.IsExpired ? Delivered.Expired : Delivered.DestinationBroke;
    }

    private void Rest(DestinationConnection connection, bool isComplete)
    {
        if (isComplete)
            _destination.Return(connection);
        else
            connection.Close();
    }

    private async ValueTask EndPumpAsync(BodyPump pump, DestinationConnection? connection, bool isComplete)
    {
        if (!isComplete || !pump.IsEnding)
        {
            // The destination has answered before it had all of the body; what it waits for will not come.
            connection?.Close();
            pump.Cancel();
        }
        var isSent = await pump.Completion;
        if (connection is not null)
            Rest(connection, isComplete && isSent);
    }

    /// <summary>Keeps nothing of a request that has ended: it may be long until the next.</summary>
    public void Reset()
    {
        Context = null!;
        _destination = null!;
        _translator = null!;
        Pump = null;
        Terms = null;
        Agreement = null;
        Error = null;
        WebSocketKey = null;
        _interim = RequestFault = 0;
        _anyCame = FramesTrailers = HasTaken = IsSwitched = false;
    }
}
