using System.Buffers;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Transforms;

namespace BucketProxy.Forwarder.Transforms;

/// <summary>Takes over a destination's trailers. YARP asks for them only where the client's protocol has some.</summary>
internal sealed class ExactTrailersTransform : ResponseTrailersTransform
{
    public static readonly ExactTrailersTransform Instance = new();
    private static readonly SearchValues<char> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 32).Where(c => c != '\t').Append(127).Select(c => (char)c)]);

    public override ValueTask ApplyAsync(ResponseTrailersTransformContext context)
    {
        foreach (var (name, values) in context.ProxyResponse!.TrailingHeaders.NonValidated)
        {
            // RFC 9110 section 6.5.1: what frames or routes a message is no trailer, and any may be left out. The server takes no control characters.
            if (!HopByHop.IsResponseOnly(name)
                && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                && !values.ToString().AsSpan().ContainsAny(Forbidden))
            {
                context.HttpContext.Response.AppendTrailer(name, ExactResponseTransform.Values(values));
            }
        }
        return ValueTask.CompletedTask;
    }
}
