using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Forwarder.Tests.Http1;

/// <summary>Destinations with an https URL.</summary>
public sealed class DestinationConnectionTlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Connection_OverTls_CarriesOneExchangeAfterTheOtherAndSeesTheClose()
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.ServerFile, _certificates.ServerKeyFile);
        var came = 0;
        await using var server = new RawServer(
            async (_, wire) =>
            {
                Assert.Equal("abc"u8.ToArray(), await wire.ReadExactlyAsync(3));
                await wire.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nanswer \r\n1\r\n{came}\r\n0\r\n\r\n");
                if (++came == 2)
                    throw new EndOfStreamException();
            },
            certificate: certificate);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port);
        var secured = new SslStream(new NetworkStream(socket, ownsSocket: true));
        using var authority = X509CertificateLoader.LoadCertificateFromFile(_certificates.AuthorityFile);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        var closed = 0;
        var connection = new DestinationConnection(new StreamTransport(socket, secured), new ConnectionClock(TimeProvider.System), _ => closed++);

        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"u8.ToArray());
            await connection.SendAsync([new ReadOnlyMemory<byte>([(byte)'a']), new ReadOnlyMemory<byte>([(byte)'b', (byte)'c'])]);
            Assert.Equal($"answer {i}", await ReadAsync(connection));
            Assert.True(connection.TryRest());
        }

        await Patience.UntilAsync(() => !connection.IsQuiet, "the destination's close is seen");
        Assert.False(connection.IsQuietForCertain());
        Assert.Equal(2, came);
        connection.Close();
        Assert.Equal(1, closed);
    }

    private static async Task<string> ReadAsync(DestinationConnection connection)
    {
        while (true)
        {
            Assert.True(connection.EndFill(await connection.BeginFill()));
            if (Begin(connection))
                break;
        }
        var body = new StringBuilder();
        var buffer = new byte[100];
        while (!connection.IsBodyOver)
        {
            var content = connection.HasBuffered
                ? connection.TakeBuffered(buffer)
                : connection.EndRead(buffer.AsSpan(0, await connection.BeginRead(buffer)));
            body.Append(Encoding.ASCII.GetString(buffer, 0, content));
        }
        return body.ToString();
    }

    private static bool Begin(DestinationConnection connection)
    {
        var bytes = connection.FindHead();
        if (bytes.IsEmpty)
            return false;
        var nothing = default(NoFields);
        connection.BeginBody(AnswerHead.Read(bytes, ref nothing), isToHead: false);
        return true;
    }
}
