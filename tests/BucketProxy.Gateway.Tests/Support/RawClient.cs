using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>A client made of a raw socket: sends what it is given, byte for byte.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly TcpClient _tcp;

    private RawClient(TcpClient tcp)
    {
        _tcp = tcp;
        Wire = new WireStream(tcp.GetStream(), isPatient: false);
    }

    public WireStream Wire { get; }

    public Socket Socket => _tcp.Client;

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", port);
        return new RawClient(tcp);
    }

    public Task SendAsync(string latin1) => Wire.SendAsync(latin1);

    /// <summary>Sends and reads one answer.</summary>
    public async Task<RawResponse> AskAsync(string latin1)
    {
        await SendAsync(latin1);
        return await ReadResponseAsync(isHead: latin1.StartsWith("HEAD ", StringComparison.Ordinal));
    }

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

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed record RawResponse(string Head, byte[] Body)
{
    public int Status => int.Parse(Head.Split(' ')[1], CultureInfo.InvariantCulture);

    public string Text => Encoding.Latin1.GetString(Body);

    public IReadOnlyList<string> All(string name) =>
        [.. Head.Split("\r\n").Skip(1).Where(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(h => h[(name.Length + 1)..].Trim())];

    public string? Header(string name) => All(name).SingleOrDefault();
}
