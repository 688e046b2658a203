using BucketProxy.Gateway.Granting;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Tests.Granting;

public sealed class FailuresTests
{
    // The forwarder cuts the client's connection in either case, and some time later that shows as a request that was aborted.
    [Theory]
    [InlineData(ForwarderError.ResponseBodyDestination, "NodeFailed")]
    [InlineData(ForwarderError.ResponseBodyClient, "ClientGone")]
    [InlineData(ForwarderError.RequestBodyClient, "ClientGone")]
    public async Task Judge_AnswerBrokeOffAndTheRequestIsAborted_TheForwarderSaysWhose(ForwarderError error, string cause)
    {
        var http = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };
        http.Features.Set<IHttpResponseFeature>(new Begun());

        Assert.Equal(Sent.Answered, await Failures.JudgeAsync(http, new Error(error)));
        Assert.Equal(cause, http.Cause().ToString());
    }

    private sealed class Begun : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }

    private sealed record Error(ForwarderError Kind) : IForwarderErrorFeature
    {
        ForwarderError IForwarderErrorFeature.Error => Kind;

        public Exception? Exception => new IOException("It broke off.");
    }
}
