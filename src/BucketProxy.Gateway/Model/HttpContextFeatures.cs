using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Model;

/// <summary>
/// What the stages say to one another through a request's features. Asked for by type: the generic way is a look-up of the method first, each time.
/// </summary>
internal static class HttpContextFeatures
{
    /// <summary>Of a stage behind the target stage.</summary>
    public static ITargetFeature Target(this HttpContext http) =>
        (ITargetFeature?)http.Features[typeof(ITargetFeature)] ?? throw new InvalidOperationException("The target stage has not seen this request.");

    /// <summary>Of a stage behind the grant stage.</summary>
    public static Grant Grant(this HttpContext http) =>
        (Grant?)http.Features[typeof(IGrantFeature)] ?? throw new InvalidOperationException("The grant stage has not seen this request.");

    /// <summary>Why the answer is as it is; <see cref="Cause.Node"/> unless somebody said otherwise.</summary>
    public static Cause Cause(this HttpContext http) => ((IAnswerFeature?)http.Features[typeof(IAnswerFeature)])?.Cause ?? Outcomes.Cause.Node;

    public static void SetCause(this HttpContext http, Cause cause) => http.Features.Set<IAnswerFeature>(new AnswerFeature(cause));

    /// <summary>GET or HEAD: may be sent again, may be cancelled.</summary>
    public static bool IsSafe(this HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    /// <summary>The client's address as text, plain IPv4 where it is one.</summary>
    public static string ClientAddress(this HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        return (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "unknown";
    }

    /// <summary>Request plus answer bytes, as far as their lengths are announced.</summary>
    public static long AnnouncedBytes(this HttpContext http) => (http.Request.ContentLength ?? 0) + (http.Response.ContentLength ?? 0);

    /// <summary>Whether it is for a base.</summary>
    public static bool IsForBase(this ITargetFeature? target) => target?.Target.Kind == TargetKind.Base;
}
