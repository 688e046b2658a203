using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using BucketProxy.Gateway.Hosting;
using BucketProxy.Gateway.Upstream;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Carries the body of an answer from the node's connection into the server's buffer for the client.</summary>
internal static class AnswerRelay
{
    /// <summary>Carries all of it. A short answer is left for the server to send, with its head.</summary>
    /// <returns>False when the client is gone, and the rest is not wanted.</returns>
    /// <exception cref="IOException">The node broke off.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> CarryAsync(Exchange exchange, NodeConnection node, bool framesTrailers)
    {
        var response = exchange.Http.Response;
        // Before it, the server gives memory that it copies later.
        await response.StartAsync();
        if (framesTrailers)
            return await FrameAsync(exchange, node);
        var writer = response.BodyWriter;
        var isFlushed = false;
        while (!node.IsBodyOver)
        {
            var memory = writer.GetMemory();
            int content;
            if (node.HasBuffered)
            {
                content = node.TakeBuffered(memory.Span);
            }
            else
            {
                var received = await node.BeginRead(memory);
                content = node.EndRead(memory.Span[..received]);
            }
            if (content == 0)
                continue;
            writer.Advance(content);
            // The server sends by itself what was never flushed, together with the head.
            if (node.IsBodyOver && !isFlushed)
                break;
            isFlushed = true;
            if (!await FlushAsync(exchange, writer, node))
                return false;
        }
        if (!node.Trailers.IsEmpty && response.SupportsTrailers())
        {
            foreach (var (name, value) in Trailers(node))
                response.AppendTrailer(name, value);
        }
        return true;
    }

    /// <summary>Chunked framing of our own, for answers whose trailers were announced.</summary>
    private static async ValueTask<bool> FrameAsync(Exchange exchange, NodeConnection node)
    {
        const int Size = 16 * 1024;
        var writer = exchange.Http.Response.BodyWriter;
        var buffer = ArrayPool<byte>.Shared.Rent(Size);
        try
        {
            while (!node.IsBodyOver)
            {
                var content = node.HasBuffered ? node.TakeBuffered(buffer) : node.EndRead(buffer.AsSpan(0, await node.BeginRead(buffer)));
                if (content == 0)
                    continue;
                writer.Write(Encoding.ASCII.GetBytes(content.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
                writer.Write(buffer.AsSpan(0, content));
                writer.Write("\r\n"u8);
                if (!await FlushAsync(exchange, writer, node))
                    return false;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        var end = new StringBuilder("0\r\n");
        foreach (var (name, value) in Trailers(node))
            end.Append(name).Append(": ").Append(value).Append("\r\n");
        writer.Write(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()));
        return await FlushAsync(exchange, writer, node);
    }

    /// <summary>False when nobody wants more: a GET's client is gone. Anything else runs to its end at the node (S2).</summary>
    private static async ValueTask<bool> FlushAsync(Exchange exchange, PipeWriter writer, NodeConnection node)
    {
        var flush = await writer.FlushAsync();
        node.Touch();
        return !flush.IsCompleted || !exchange.IsSafe;
    }

    private static List<(string Name, string Value)> Trailers(NodeConnection node)
    {
        var all = new List<(string, string)>();
        var rest = node.Trailers.Span;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf("\r\n"u8);
            FieldLine.Read(rest[..end], out var name, out var value);
            rest = rest[(end + 2)..];
            var text = Encoding.Latin1.GetString(name);
            // RFC 9110 section 6.5.1: what frames or routes a message is no trailer.
            if (!HopByHop.IsResponseOnly(text) && !text.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                all.Add((text, Encoding.Latin1.GetString(value)));
        }
        return all;
    }
}
