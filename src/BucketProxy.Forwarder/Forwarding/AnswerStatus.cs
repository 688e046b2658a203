using System.Text;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Makes the status line of a destination's answer the client's.</summary>
internal static class AnswerStatus
{
    private static readonly StringCache Reasons = new(places: 64, longest: 64);

    public static void Take(HttpContext context, in AnswerHead head)
    {
        context.Response.StatusCode = head.Status;
        if (!IsUsual(head))
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = Reasons.Get(head.Reason);
    }

    /// <summary>The reason phrase; null for the one that goes with the status.</summary>
    public static string? ReasonOf(in AnswerHead head) => IsUsual(head) ? null : Reasons.Get(head.Reason);

    // The server writes it in ASCII, with question marks for the rest: one that it cannot write gives way to the usual one, and means nothing (RFC 9110 section 15.1).
    private static bool IsUsual(in AnswerHead head) =>
        head.Reason.IsEmpty || !Ascii.IsValid(head.Reason) || Ascii.Equals(head.Reason, ReasonPhrases.GetReasonPhrase(head.Status));
}
