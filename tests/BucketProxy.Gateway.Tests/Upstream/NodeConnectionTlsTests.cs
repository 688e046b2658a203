using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Gateway.Upstream;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Upstream;

/// <summary>Nodes with an https URL.</summary>
public sealed class NodeConnectionTlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public NodeConnectionTlsTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Connection_OverTls_CarriesOneExchangeAfterTheOtherAndSeesTheClose()
    {
        var serving = ServeAsync(answers: 2);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_listener.LocalEndpoint);
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
        var node = new NodeConnection(new StreamTransport(socket, secured), new ConnectionClock(), _ => closed++);

        for (var i = 0; i < 2; i++)
        {
            await node.SendAsync("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"u8.ToArray());
            await node.SendAsync([new ArraySegment<byte>([(byte)'a']), new ArraySegment<byte>([(byte)'b', (byte)'c'])]);
            Assert.Equal($"answer {i}", await ReadAsync(node));
            Assert.True(node.TryRest());
        }
        await serving.Within();

        await GatewayUnderTest.UntilAsync(() => !node.IsQuiet, "the node's close is seen");
        Assert.False(node.IsQuietForCertain());
        node.Close();
        Assert.Equal(1, closed);
    }

    [Fact]
    public async Task Node_CertificateIsNotTrusted_502AndNoRequestReachesIt()
    {
        var serving = ServeAsync(answers: 1);
        var url = $"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        await using var gateway = await GatewayUnderTest.StartAsync(
            new NodeRecord { Id = "dtable-server-01", LocalUrl = new Uri(url), LocalUrlText = url });

        var response = await gateway.AskAsync(GatewayUnderTest.Get(GatewayUnderTest.Path));

        Assert.Equal(502, response.Status);
        Assert.Equal(0, await serving.Within());
    }

    private static async Task<string> ReadAsync(NodeConnection node)
    {
        while (true)
        {
            Assert.True(node.EndFill(await node.BeginFill()));
            if (Begin(node))
                break;
        }
        var body = new StringBuilder();
        var buffer = new byte[100];
        while (!node.IsBodyOver)
        {
            var content = node.HasBuffered ? node.TakeBuffered(buffer) : node.EndRead(buffer.AsSpan(0, await node.BeginRead(buffer)));
            body.Append(Encoding.ASCII.GetString(buffer, 0, content));
        }
        return body.ToString();
    }

    private static bool Begin(NodeConnection node)
    {
        var bytes = node.FindHead();
        if (bytes.IsEmpty)
            return false;
        var nothing = default(NoFields);
        node.BeginBody(AnswerHead.Read(bytes, ref nothing), isToHead: false);
        return true;
    }

    /// <summary>Answers so many posts on one connection, then closes it. Returns how many came.</summary>
    private async Task<int> ServeAsync(int answers)
    {
        using var socket = await _listener.AcceptSocketAsync();
        using var certificate = X509Certificate2.CreateFromPemFile(_certificates.ServerFile, _certificates.ServerKeyFile);
        await using var wire = new WireStream(new SslStream(new NetworkStream(socket, ownsSocket: true)));
        var came = 0;
        try
        {
            await ((SslStream)wire.Stream).AuthenticateAsServerAsync(certificate);
            for (; came < answers; came++)
            {
                if (await wire.ReadHeadAsync() is null)
                    break;
                await wire.ReadExactlyAsync(3);
                await wire.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nanswer \r\n1\r\n{came}\r\n0\r\n\r\n");
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other side refused.
        }
        return came;
    }
}
