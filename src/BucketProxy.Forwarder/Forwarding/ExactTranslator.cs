using System.Security.Cryptography;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Changes as little as may be: from the server's headers straight into bytes, and back.</summary>
internal sealed class ExactTranslator : Translator
{
    public static readonly ExactTranslator Instance = new();

    public override void Describe(Delivery delivery)
    {
        var request = delivery.Context.Request;
        delivery.IsHead = HttpMethods.IsHead(request.Method);
        delivery.IsSafe = delivery.IsHead || HttpMethods.IsGet(request.Method);
        delivery.Body = delivery.Upgrade == Upgrade.None ? RequestBodies.Of(delivery.Context) : RequestBody.None;
        delivery.BodyLength = request.ContentLength ?? 0;
        delivery.WebSocketKey = delivery.Upgrade == Upgrade.ExtendedConnect ? Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)) : null;
    }

    public override void WriteHead(ref HeadWriter to, Delivery delivery) => RequestHead.Write(ref to, delivery);

    public override void TakeHead(ReadOnlySpan<byte> bytes, Delivery delivery)
    {
        var fields = new AnswerFields(delivery.Context.Response.Headers);
        var head = AnswerHead.Read(bytes, ref fields);
        fields.Finish();
        delivery.Connection.BeginBody(head, delivery.IsHead);
        AnswerStatus.Take(delivery.Context, head);
        var response = delivery.Context.Response;
        if (head.PassedLength is { } length)
            response.ContentLength = length;
        if (fields.Trailers is { Count: > 0 } trailers
            && head.HasTrailers
            && !delivery.Connection.IsBodyOver
            && !delivery.Connection.HasEmptyBody
            && HttpProtocol.IsHttp11(delivery.Context.Request.Protocol))
        {
            // The server leaves the framing to whoever sets this header; by itself it writes no trailers on HTTP/1.1.
            delivery.FramesTrailers = true;
            response.Headers.Trailer = trailers;
            response.Headers.TransferEncoding = "chunked";
        }
    }
}
