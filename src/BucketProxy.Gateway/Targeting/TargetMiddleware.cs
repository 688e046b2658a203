using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Targeting;

/// <summary>
/// Stage 2: what is the request for? Sets <see cref="ITargetFeature"/>. Without a base: a local route or 404; malformed: 400. What goes on from
/// here has a base, and its raw target is the one that a node gets, byte for byte.
/// </summary>
internal sealed class TargetMiddleware(RequestDelegate next, TargetExtractor extractor, LocalRoutes local)
{
    public Task Invoke(HttpContext context)
    {
        var request = (IHttpRequestFeature)context.Features[typeof(IHttpRequestFeature)]!;
        var received = request.RawTarget;
        var target = extractor.Extract(received);
        if (target.ForwardStart > 0)
            request.RawTarget = received[target.ForwardStart..];
        if (target.Kind != TargetKind.Base)
        {
            context.Features[typeof(ITargetFeature)] = new TargetFeature(received, target, Carriage.Plain);
            return local.AnswerAsync(context, target);
        }
        var isWebSocket = Handshake.IsWebSocket(context);
        var carriage = isWebSocket == true ? Carriage.WebSocket
            : target.HasSession && HttpMethods.IsGet(context.Request.Method) ? Carriage.Poll
            : Carriage.Plain;
        context.Features[typeof(ITargetFeature)] = new TargetFeature(received, target, carriage);
        return isWebSocket is null
            ? OwnAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "A websocket handshake is a GET without a body.", Cause.BadRequest)
            : next(context);
    }
}
