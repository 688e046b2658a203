using BucketProxy.Forwarder.Logging;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>What a failed request means for the client, and what the application is told of it.</summary>
internal static class Failure
{
    private const int Http2Cancel = 8;
    private const int Http2InternalError = 2;

    /// <summary>Tells of a delivery that did not end well.</summary>
    /// <param name="context">The request.</param>
    /// <param name="delivered">How it ended.</param>
    /// <param name="delivery">What it was.</param>
    /// <param name="isAnswering">The answer's head was taken, and its body was on its way.</param>
    /// <param name="logger">Where to log it.</param>
    public static ForwarderError Tell(HttpContext context, Delivered delivered, Delivery delivery, bool isAnswering, ILogger logger)
    {
        var isGone = context.RequestAborted.IsCancellationRequested;
        var (error, status) = delivered switch
        {
            Delivered.RequestMalformed => (ForwarderError.RequestCreation, StatusCodes.Status400BadRequest),
            Delivered.RequestBroke => (ForwarderError.RequestBodyClient, delivery.RequestFault),
            Delivered.Cancelled when isAnswering => (ForwarderError.ResponseBodyCanceled, StatusCodes.Status502BadGateway),
            Delivered.Cancelled => (ForwarderError.RequestCanceled, isGone ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway),
            Delivered.AnswerNotTaken => (ForwarderError.ResponseHeaders, StatusCodes.Status502BadGateway),
            Delivered.ClientBroke => (ForwarderError.ResponseBodyClient, StatusCodes.Status502BadGateway),
            Delivered.Expired when !isAnswering => (ForwarderError.RequestTimedOut, StatusCodes.Status504GatewayTimeout),
            _ when isAnswering => (ForwarderError.ResponseBodyDestination, StatusCodes.Status502BadGateway),
            _ => (ForwarderError.Request, StatusCodes.Status502BadGateway),
        };
        var exception = delivered == Delivered.Expired
            ? new TimeoutException("Nothing moved for the activity timeout.", delivery.Error)
            : delivery.Error;
        Tell(context, error, status, exception, delivery.HasTaken, logger);
        if (delivery.IsBodyOpen && !context.Response.HasStarted)
            ClientConnection.End(context);
        return error;
    }

    /// <summary>Tells of an error, and answers it with its status; where an answer has begun, a cut connection is the only truth left.</summary>
    public static ForwarderError Tell(HttpContext context, ForwarderError error, int status, Exception? exception, bool hasTaken, ILogger logger)
    {
        Note(context, error, exception, logger);
        if (context.Response.HasStarted)
        {
            Cut(context, error == ForwarderError.ResponseBodyCanceled);
            return error;
        }
        // Nothing of an answer that is none may stand in ours.
        if (hasTaken)
            context.Response.Clear();
        context.Response.StatusCode = status;
        return error;
    }

    /// <summary>Tells of an error, and leaves the answer as it is.</summary>
    public static void Note(HttpContext context, ForwarderError error, Exception? exception, ILogger logger)
    {
        context.Features.Set<IForwarderErrorFeature>(new ForwarderErrorFeature(error, exception));
        YarpTelemetry.Failed(error);
        Log.NotForwarded(logger, error, exception);
    }

    private static void Cut(HttpContext context, bool isCancelled)
    {
        if (context.Features.Get<IHttpResetFeature>() is { } reset)
            reset.Reset(isCancelled ? Http2Cancel : Http2InternalError);
        else
            context.Abort();
    }
}
