using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Guarding;

/// <summary>
/// The other half of stage 1, behind the target stage because it needs to know what the body is for: an announced body over the limit gets
/// 413, but never on <c>/socket.io/</c>, whose JS client would stop for good. The server counts bodies that announce no length.
/// </summary>
internal sealed class BodyLimitMiddleware(RequestDelegate next, GatewayOptions options)
{
    private readonly string _tooLarge = $"The body is larger than {options.MaxBodyBytes} bytes.";

    public Task Invoke(HttpContext context)
    {
        if (context.Target().Target.IsSocketIo)
        {
            Lift(context);
        }
        else if (context.Request.ContentLength > options.MaxBodyBytes)
        {
            // What comes of it all the same is read away for a moment: a client that is still sending would meet a reset, and never see why.
            Lift(context);
            return OwnAnswer.ErrorAsync(context, StatusCodes.Status413PayloadTooLarge, _tooLarge, Cause.TooLarge);
        }
        return next(context);
    }

    /// <summary>The server reads on beyond its limit.</summary>
    private static void Lift(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }
}
