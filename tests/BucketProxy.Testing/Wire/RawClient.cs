using System.Globalization;
using System.Net.Sockets;

namespace BucketProxy.Testing.Wire;

/// <summary>A client made of a raw socket: sends what it is given, byte for byte.</summary>
public sealed class RawClient : IAsyncDisposable
{
    private readonly TcpClient _tcp;

    private RawClient(TcpClient tcp)
    {
        _tcp = tcp;
        Wire = new RawConnection(tcp.GetStream(), isPatient: false);
    }

    /// <summary>What it sends and receives.</summary>
    public RawConnection Wire { get; }

    /// <summary>Its socket.</summary>
    public Socket Socket => _tcp.Client;

    /// <summary>Connects to a port of the loopback.</summary>
    public static async Task<RawClient> ConnectAsync(int port)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", port);
        return new RawClient(tcp);
    }

    /// <summary>Sends Latin-1.</summary>
    public Task SendAsync(string latin1) => Wire.SendAsync(latin1);

    /// <summary>Sends and reads one answer.</summary>
    public async Task<RawResponse> AskAsync(string latin1)
    {
        ArgumentNullException.ThrowIfNull(latin1);
        await SendAsync(latin1);
        return await ReadResponseAsync(isHead: latin1.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Reads one answer, by whichever framing it has.</summary>
    /// <param name="isHead">The request was a HEAD: the answer has no body, whatever its head says.</param>
    /// <exception cref="EndOfStreamException">None came, or only a part.</exception>
    public async Task<RawResponse> ReadResponseAsync(bool isHead = false)
    {
        var head = await Wire.ReadHeadAsync() ?? throw new EndOfStreamException("No answer came.");
        var response = new RawResponse(head, []);
        if (isHead || response.Status is 304 or 204 or < 200)
            return response;
        byte[] body;
        if (response.Header("Transfer-Encoding") == "chunked")
            body = await Wire.ReadChunkedAsync();
        else if (response.Header("Content-Length") is { } length)
            body = await Wire.ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture));
        else
            body = await Wire.ReadToEndAsync();
        return response with { Body = body };
    }

    /// <summary>Closes with a reset.</summary>
    public void Reset()
    {
        _tcp.Client.LingerState = new LingerOption(true, 0);
        _tcp.Client.Close();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }
}
