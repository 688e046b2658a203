using System.Security.Cryptography;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>What YARP does without any transforms of the application's, and the runtime's client below it: the same bytes, without messages.</summary>
internal sealed class DefaultTranslator : Translator
{
    /// <summary>Does as <see cref="Yarp.ReverseProxy.Forwarder.HttpTransformer.Default"/>.</summary>
    public static readonly DefaultTranslator Default = new(isBare: false);

    /// <summary>Does as <see cref="Yarp.ReverseProxy.Forwarder.HttpTransformer.Empty"/>.</summary>
    public static readonly DefaultTranslator Empty = new(isBare: true);

    private readonly bool _isBare;

    private DefaultTranslator(bool isBare) => _isBare = isBare;

    /// <summary>Whether it can take that request. What is seldom is left to the transformer itself.</summary>
    public static bool Takes(HttpContext context) => DefaultHead.Takes(context.Request);

    public override void Describe(Delivery delivery)
    {
        var request = delivery.Context.Request;
        delivery.IsHead = HttpMethods.IsHead(request.Method);
        delivery.IsSafe = delivery.IsHead || HttpMethods.IsGet(request.Method);
        delivery.Body = delivery.Upgrade == Upgrade.None ? RequestBodies.Of(delivery.Context) : RequestBody.None;
        delivery.BodyLength = request.ContentLength ?? 0;
        delivery.WebSocketKey = delivery.Upgrade == Upgrade.ExtendedConnect ? Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)) : null;
    }

    public override void WriteHead(ref HeadWriter to, Delivery delivery) => DefaultHead.Write(ref to, delivery, _isBare);

    public override void TakeHead(ReadOnlySpan<byte> bytes, Delivery delivery)
    {
        var fields = new DefaultAnswerFields(delivery.Context.Response.Headers);
        var head = AnswerHead.Read(bytes, ref fields);
        delivery.Connection.BeginBody(head, delivery.IsHead);
        AnswerStatus.Take(delivery.Context, head);
        // Beside chunks there is none; and a 205 is not said to have one of nothing.
        if (head.PassedLength is { } length && head.Status != StatusCodes.Status205ResetContent)
            delivery.Context.Response.ContentLength = length;
    }
}
