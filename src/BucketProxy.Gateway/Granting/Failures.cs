using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Granting;

/// <summary>What a failed attempt means for the client, and whether it may be repeated.</summary>
internal static class Failures
{
    public static async ValueTask<Sent> JudgeAsync(HttpContext http, IForwarderErrorFeature error)
    {
        // A stage behind this one has answered in the node's place.
        if (http.Features.Get<IAnswerFeature>() is not null)
            return Sent.Answered;
        http.Features.Set<IForwarderErrorFeature>(null);
        // S4: nothing but these two is ever sent again.
        if (error.Error == ForwarderError.Request && Refused.In(error.Exception) is { } refused)
        {
            http.Response.Clear();
            if (http.RequestAborted.IsCancellationRequested)
                return ClientGone(http);
            var grant = http.Grant();
            grant.NoteRefusal(TableMark.Read(refused.Reason));
            grant.Link.Counters.CountMisdirected();
            return Sent.Misdirected;
        }
        if (error.Error == ForwarderError.Request && Unreachable.IsIn(error.Exception))
        {
            http.Response.Clear();
            return http.RequestAborted.IsCancellationRequested ? ClientGone(http) : Sent.Unreachable;
        }
        // Not where the node broke off in its answer: then the forwarder has cut the client's connection, and that looks like a client that is gone.
        if (http.RequestAborted.IsCancellationRequested && error.Error != ForwarderError.ResponseBodyDestination)
            return ClientGone(http);
        if (http.Response.HasStarted)
        {
            // The answer had begun; the forwarder has cut the client's connection, the only truth left.
            http.SetCause(IsOfClient(error.Error) ? Cause.ClientGone : CauseOf(error));
            return Sent.Answered;
        }
        // A body that had to be read before the request went out (Forwarding/ReplayedBody).
        if (error is { Error: ForwarderError.RequestCreation, Exception: BadHttpRequestException bad })
            http.Response.StatusCode = bad.StatusCode;
        // YARP's own word for a client that stood still in its body; the server's limits on that are off, so it is our idle timeout.
        var status = http.Response.StatusCode is StatusCodes.Status408RequestTimeout ? StatusCodes.Status504GatewayTimeout : http.Response.StatusCode;
        var (message, cause) = status switch
        {
            StatusCodes.Status413PayloadTooLarge => ("The body is too large.", Cause.TooLarge),
            >= 400 and < 500 => ("The request or its body broke off or is malformed.", Cause.BadRequest),
            StatusCodes.Status504GatewayTimeout => ("The server did not answer in time.", Cause.NodeTimeout),
            _ => ("The server broke off, or its answer is malformed.", CauseOf(error)),
        };
        await OwnAnswer.ErrorAsync(http, status >= 400 ? status : StatusCodes.Status502BadGateway, message, cause);
        return Sent.Answered;
    }

    private static Sent ClientGone(HttpContext http)
    {
        http.SetCause(Cause.ClientGone);
        if (http.Response.HasStarted)
            http.Abort();
        return Sent.Answered;
    }

    private static Cause CauseOf(IForwarderErrorFeature error) => Malformed.IsIn(error.Exception) ? Cause.NodeMalformed : Cause.NodeFailed;

    private static bool IsOfClient(ForwarderError error) => error is ForwarderError.ResponseBodyClient or ForwarderError.ResponseBodyCanceled;
}
