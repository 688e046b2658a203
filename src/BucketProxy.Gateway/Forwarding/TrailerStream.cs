using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>
/// Chunked framing of our own, for answers whose node announced trailers: the server writes none on HTTP/1.1. Announced
/// means a <c>Trailer</c> header, without which trailers are dropped (RFC 9110 section 6.5.1 allows it).
/// </summary>
internal sealed class TrailerStream : Stream
{
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();
    private readonly Stream _inner;

    private TrailerStream(Stream inner) => _inner = inner;

    /// <summary>Takes over the framing of this answer, when that is needed to pass trailers on; else null.</summary>
    public static TrailerStream? ForHttp1(HttpContext http, HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.Contains("Trailer")
            || !HttpProtocol.IsHttp11(http.Request.Protocol)
            || HttpMethods.IsHead(http.Request.Method)
            || response.Content.Headers.ContentLength is not null)
        {
            return null;
        }
        foreach (var value in response.Headers.NonValidated["Trailer"])
            http.Response.Headers.Append("Trailer", value);
        // The server leaves the framing to whoever sets this header.
        http.Response.Headers.TransferEncoding = "chunked";
        var stream = new TrailerStream(http.Response.Body);
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(stream, http.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));
        return stream;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes the last chunk with its trailers.</summary>
    public async ValueTask FinishAsync(HttpResponseHeaders trailers, CancellationToken cancellationToken)
    {
        var text = new StringBuilder("0\r\n");
        foreach (var (name, values) in trailers.NonValidated)
        {
            // RFC 9110 section 6.5.1: what frames or routes a message is no trailer.
            if (HopByHop.IsResponseOnly(name) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                continue;
            foreach (var value in values)
                text.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        text.Append("\r\n");
        await _inner.WriteAsync(Encoding.Latin1.GetBytes(text.ToString()), cancellationToken);
        await _inner.FlushAsync(cancellationToken);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return;
        var head = Encoding.ASCII.GetBytes(buffer.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        await _inner.WriteAsync(head, cancellationToken);
        await _inner.WriteAsync(buffer, cancellationToken);
        await _inner.WriteAsync(LineEnd, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
