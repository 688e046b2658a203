using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// HTTP/1.1 and HTTP/2 on one port without TLS. A client that knows beforehand begins with the HTTP/2 preface
/// (RFC 9113 section 3.3), which no HTTP/1.1 request can begin with; the server decides by ALPN only, so the outcome of
/// an ALPN that never was is put where it looks.
/// </summary>
internal static class PrefaceProtocol
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    /// <param name="listen">The endpoint.</param>
    /// <param name="patience">How long a new connection may say nothing: the server's own limits begin behind this.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="draining">Whether each answer ends its connection.</param>
    public static void UsePrefaceProtocol(this ListenOptions listen, TimeSpan patience, TimeProvider time, Draining draining)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(next => connection => DetectAsync(connection, next, patience, time, draining));
    }

    private static async Task DetectAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan patience, TimeProvider time, Draining draining)
    {
        var first = ReadAsync(connection.Transport.Input);
        bool? isPreface;
        if (first.IsCompletedSuccessfully)
        {
            isPreface = await first;
        }
        else
        {
            var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
            await using (time.CreateTimer(static c => ((ConnectionContext)c!).Abort(), connection, patience, Timeout.InfiniteTimeSpan))
            await using (closing.UnsafeRegister(static c => ((ConnectionContext)c!).Transport.Input.CancelPendingRead(), connection))
                isPreface = await first;
        }
        if (isPreface is null)
            return;
        if (isPreface.Value)
        {
            var agreed = new Http2WithoutTls();
            connection.Features.Set<ITlsConnectionFeature>(agreed);
            connection.Features.Set<ITlsApplicationProtocolFeature>(agreed);
        }
        else if (draining.IsOn)
        {
            // Told of its stop before it began to read, the server would close without a look at the request that is here. The answer ends the
            // connection as well.
            connection.Features.Set<IConnectionLifetimeNotificationFeature>(null);
        }
        await next(connection);
    }

    /// <summary>Whether the connection begins with the preface; null when it ended, or the server stops, before it said which.</summary>
    private static async ValueTask<bool?> ReadAsync(PipeReader input)
    {
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                var matched = Match(read.Buffer);
                if (matched is null && read.IsCompleted)
                {
                    // Half a preface is for the HTTP/1.1 parser to refuse.
                    matched = read.Buffer.IsEmpty ? null : false;
                    input.AdvanceTo(read.Buffer.Start);
                    return matched;
                }
                input.AdvanceTo(read.Buffer.Start, matched is null ? read.Buffer.End : read.Buffer.Start);
                if (matched is not null || read.IsCanceled)
                    return matched;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Reset, or aborted by us.
            return null;
        }
    }

    /// <summary>Whether it is the preface; null when too little came to tell.</summary>
    private static bool? Match(ReadOnlySequence<byte> buffer)
    {
        var first = buffer.FirstSpan;
        if (first.Length >= Preface.Length)
            return first.StartsWith(Preface);
        Span<byte> head = stackalloc byte[Preface.Length];
        var length = (int)Math.Min(buffer.Length, head.Length);
        buffer.Slice(0, length).CopyTo(head);
        if (!Preface.StartsWith(head[..length]))
            return false;
        return length == Preface.Length ? true : null;
    }

    private sealed class Http2WithoutTls : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        private static readonly byte[] H2 = "h2"u8.ToArray();

        public ReadOnlyMemory<byte> ApplicationProtocol => H2;

        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult<X509Certificate2?>(null);
    }
}
