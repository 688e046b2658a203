using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BucketProxy.Emulator.Http;

/// <summary>Answers of any size in flat memory; each byte depends on its position only, so that a test can compare them without keeping them.</summary>
internal static class DebugBytes
{
    /// <summary>The byte at a position, from 0.</summary>
    public static byte At(long position) => (byte)((position * 31) + (position >> 8) + (position >> 16));

    public static async Task SendAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var size = long.TryParse(query["size"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 0;
        var (from, to) = (0L, size);
        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.AcceptRanges = "bytes";
        if (context.Request.GetTypedHeaders().Range is { Unit.Value: "bytes", Ranges.Count: 1 } range)
        {
            (from, to) = Part(range.Ranges.First(), size);
            if (from >= to)
            {
                context.Response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                context.Response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(size);
                return;
            }
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(from, to - 1, size);
        }
        if (query["chunked"] != "1")
            context.Response.ContentLength = to - from;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        var buffer = new byte[64 * 1024];
        for (var position = from; position < to;)
        {
            var count = (int)Math.Min(buffer.Length, to - position);
            for (var i = 0; i < count; i++)
                buffer[i] = At(position + i);
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
            position += count;
        }
    }

    private static (long From, long To) Part(RangeItemHeaderValue range, long size) => range switch
    {
        { From: { } from, To: { } last } => (from, Math.Min(last + 1, size)),
        { From: { } from } => (from, size),
        { To: { } suffix } => (Math.Max(0, size - suffix), size),
        _ => (0, 0),
    };
}
