using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Carries the body of an answer from the destination's connection into the server's buffer for the client.</summary>
internal static class AnswerRelay
{
    /// <summary>Carries all of it. A short answer is left for the server to send, with its head.</summary>
    /// <param name="delivery">The answer's head was taken.</param>
    /// <returns>False when the client is gone, and the rest is not wanted.</returns>
    /// <exception cref="IOException">The destination broke off.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> CarryAsync(Delivery delivery)
    {
        var context = delivery.Context;
        var from = delivery.Connection;
        // A client that goes away ends it, unless the application has taken it out of the request: then the rest is read to its end all the same.
        var stopsWithClient = context.RequestAborted.CanBeCanceled;
        var response = context.Response;
        // Before it, the server gives memory that it copies later.
        await response.StartAsync();
        if (delivery.FramesTrailers)
            return await FrameAsync(delivery, stopsWithClient);
        var writer = response.BodyWriter;
        var isFlushed = false;
        while (!from.IsBodyOver)
        {
            var memory = writer.GetMemory();
            int content;
            if (from.HasBuffered)
            {
                content = from.TakeBuffered(memory.Span);
            }
            else
            {
                var received = await from.BeginRead(memory);
                content = from.EndRead(memory.Span[..received]);
            }
            if (content == 0)
                continue;
            writer.Advance(content);
            // The server sends by itself what was never flushed, together with the head.
            if (from.IsBodyOver && !isFlushed)
                break;
            isFlushed = true;
            if (!await FlushAsync(writer, from, stopsWithClient))
                return false;
        }
        return true;
    }

    /// <summary>Takes over the trailers of an answer that has come, where the client's protocol has some.</summary>
    public static void AddTrailers(Delivery delivery)
    {
        var response = delivery.Context.Response;
        if (delivery.FramesTrailers || delivery.Connection.Trailers.IsEmpty || !response.SupportsTrailers())
            return;
        foreach (var (name, value) in Trailers(delivery))
            response.AppendTrailer(name, value);
    }

    /// <summary>Chunked framing of our own, for answers whose trailers were announced.</summary>
    private static async ValueTask<bool> FrameAsync(Delivery delivery, bool stopsWithClient)
    {
        const int Size = 16 * 1024;
        var from = delivery.Connection;
        var writer = delivery.Context.Response.BodyWriter;
        var buffer = ArrayPool<byte>.Shared.Rent(Size);
        try
        {
            while (!from.IsBodyOver)
            {
                var content = from.HasBuffered ? from.TakeBuffered(buffer) : from.EndRead(buffer.AsSpan(0, await from.BeginRead(buffer)));
                if (content == 0)
                    continue;
                writer.Write(Encoding.ASCII.GetBytes(content.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
                writer.Write(buffer.AsSpan(0, content));
                writer.Write("\r\n"u8);
                if (!await FlushAsync(writer, from, stopsWithClient))
                    return false;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        var end = new StringBuilder("0\r\n");
        foreach (var (name, value) in Trailers(delivery))
            end.Append(name).Append(": ").Append(value).Append("\r\n");
        writer.Write(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()));
        return await FlushAsync(writer, from, stopsWithClient);
    }

    /// <summary>False when nobody wants more.</summary>
    private static async ValueTask<bool> FlushAsync(PipeWriter writer, DestinationConnection from, bool stopsWithClient)
    {
        var flush = await writer.FlushAsync();
        from.Touch();
        return !flush.IsCompleted || !stopsWithClient;
    }

    public static List<(string Name, string Value)> Trailers(Delivery delivery)
    {
        var all = new List<(string, string)>();
        var hidden = delivery.Terms?.HiddenHeader;
        var rest = delivery.Connection.Trailers.Span;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf("\r\n"u8);
            FieldLine.Read(rest[..end], out var name, out var value);
            rest = rest[(end + 2)..];
            var text = Encoding.Latin1.GetString(name);
            // RFC 9110 section 6.5.1: what frames or routes a message is no trailer.
            if (!HopByHop.IsResponseOnly(text)
                && !text.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                && !text.Equals(hidden, StringComparison.OrdinalIgnoreCase))
            {
                all.Add((text, Encoding.Latin1.GetString(value)));
            }
        }
        return all;
    }
}
