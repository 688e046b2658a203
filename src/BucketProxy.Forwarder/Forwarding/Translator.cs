using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>How a client's request becomes one for the destination, and the destination's answer one for the client.</summary>
internal abstract class Translator
{
    /// <summary>Says of the request what <see cref="Delivery"/> has to know: its body, and what its method means.</summary>
    public abstract void Describe(Delivery delivery);

    /// <summary>Writes the whole head of the destination's request.</summary>
    /// <exception cref="FormatException">The request cannot be one of HTTP/1.1, for example a line break in a header of HTTP/2.</exception>
    /// <exception cref="System.Text.EncoderFallbackException">A header holds what is not Latin-1.</exception>
    public abstract void WriteHead(ref HeadWriter to, Delivery delivery);

    /// <summary>Takes the head of the answer, and begins its body on the connection.</summary>
    /// <exception cref="MalformedAnswerException">It is none; some of it may have been taken.</exception>
    public abstract void TakeHead(ReadOnlySpan<byte> bytes, Delivery delivery);

    /// <summary>The head was taken, nothing of the body yet. False: the client does not get this answer.</summary>
    /// <exception cref="AnswerNotTakenException">The application's part of it failed.</exception>
    public virtual ValueTask<bool> BeginAnswerAsync(Delivery delivery) => ValueTask.FromResult(true);

    /// <summary>Carries the answer's body. False when the client does not take the rest.</summary>
    /// <exception cref="IOException">The destination broke off.</exception>
    public virtual ValueTask<bool> CarryAsync(Delivery delivery) =>
        delivery.Connection.IsBodyOver ? ValueTask.FromResult(true) : AnswerRelay.CarryAsync(delivery);

    /// <summary>The body has come completely.</summary>
    public virtual ValueTask EndAnswerAsync(Delivery delivery)
    {
        AnswerRelay.AddTrailers(delivery);
        return ValueTask.CompletedTask;
    }

    /// <summary>There was no answer; what the client is told stands in its response.</summary>
    public virtual ValueTask FailAsync(HttpContext context) => ValueTask.CompletedTask;

    /// <summary>Nothing of the delivery is touched any more.</summary>
    public virtual void Release()
    {
    }
}
