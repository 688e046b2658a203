using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BucketProxy.Core.Nodes;
using BucketProxy.Testing;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>
/// A node made of raw sockets: what it receives is recorded byte for byte, and a script says what it answers.
/// </summary>
internal sealed class FakeNode : IAsyncDisposable
{
    /// <summary>The answer of a node without a script.</summary>
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>An answer without a body.</summary>
    public const string Empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, Socket> _sockets = new();
    private readonly Func<RawRequest, WireStream, Task> _script;
    private int _connections;

    /// <param name="script">Called for each request with what came in and the connection. Throwing <see cref="EndOfStreamException"/>
    /// or closing ends the connection.</param>
    /// <param name="id">The node's id.</param>
    /// <param name="port">0 for a free one.</param>
    public FakeNode(Func<RawRequest, WireStream, Task>? script = null, string id = "dtable-server-01", int port = 0)
    {
        Id = id;
        _script = script ?? ((_, wire) => wire.SendAsync(Ok));
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Id { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Requests in the order in which their heads were read.</summary>
    public ConcurrentQueue<RawRequest> Requests { get; } = new();

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections open now.</summary>
    public int OpenConnections => _sockets.Count;

    public NodeRecord Record => RecordFor("");

    public NodeRecord RecordFor(string path) => new()
    {
        Id = Id,
        LocalUrl = new Uri($"http://127.0.0.1:{Port}{path}"),
        LocalUrlText = $"http://127.0.0.1:{Port}{path}",
    };

    public void CloseAll()
    {
        foreach (var socket in _sockets.Values)
            socket.Close();
    }

    public ValueTask DisposeAsync()
    {
        _stop.Cancel();
        _listener.Stop();
        CloseAll();
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                var number = Interlocked.Increment(ref _connections);
                _sockets[number] = socket;
                _ = ServeAsync(number, socket);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(int number, Socket socket)
    {
        socket.NoDelay = true;
        await using var wire = new WireStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            while (await wire.ReadHeadAsync() is { } head)
            {
                var request = new RawRequest(head, number);
                Requests.Enqueue(request);
                await _script(request, wire);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
        }
        finally
        {
            _sockets.TryRemove(number, out _);
        }
    }
}

/// <summary>The head of a request as it came over the wire, Latin-1.</summary>
internal sealed record RawRequest(string Head, int Connection)
{
    public string Line => Head[..Head.IndexOf('\r')];

    public string Method => Line.Split(' ')[0];

    public string Target => Line.Split(' ')[1];

    public IReadOnlyList<string> All(string name) =>
        [.. Head.Split("\r\n").Skip(1).Where(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(h => h[(name.Length + 1)..].Trim())];

    public string? Header(string name) => All(name).SingleOrDefault();

    /// <summary>Reads this request's body, by whichever framing it has.</summary>
    public async Task<byte[]> ReadBodyAsync(WireStream wire)
    {
        if (Header("Transfer-Encoding") == "chunked")
            return await wire.ReadChunkedAsync();
        return Header("Content-Length") is { } length ? await wire.ReadExactlyAsync(int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)) : [];
    }
}

/// <summary>A connection read and written by hand. A client's does not wait for ever: what does not come is a fault.</summary>
internal sealed class WireStream(Stream stream, bool isPatient = true) : IAsyncDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public Stream Stream => stream;

    public async Task SendAsync(string latin1) => await stream.WriteAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes);

    /// <summary>Reads up to and with the empty line; null at the end of the stream.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await ReadByteAsync() is not { } b)
                return null;
            head.Append((char)b);
        }
        return head.ToString();
    }

    public async Task<byte?> ReadByteAsync()
    {
        if (_start == _end && !await FillAsync())
            return null;
        return _buffer[_start++];
    }

    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var result = new byte[count];
        var have = 0;
        while (have < count)
        {
            if (_start == _end && !await FillAsync())
                throw new EndOfStreamException($"{have} of {count} bytes came.");
            var take = Math.Min(count - have, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(result.AsSpan(have));
            _start += take;
            have += take;
        }
        return result;
    }

    /// <summary>Reads whatever comes next; returns how many bytes that were, 0 at the end.</summary>
    public async Task<int> SkipSomeAsync()
    {
        if (_start == _end && !await FillAsync())
            return 0;
        var skipped = _end - _start;
        _start = _end;
        return skipped;
    }

    public async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            var b = await ReadByteAsync() ?? throw new EndOfStreamException();
            if (b == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)b);
        }
    }

    /// <summary>Reads a chunked body; trailer lines are left in <see cref="Trailers"/>.</summary>
    public async Task<byte[]> ReadChunkedAsync()
    {
        var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await ReadLineAsync()).Split(';')[0], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
            if (size == 0)
                break;
            body.Write(await ReadExactlyAsync(size));
            await ReadLineAsync();
        }
        Trailers.Clear();
        for (var line = await ReadLineAsync(); line.Length > 0; line = await ReadLineAsync())
            Trailers.Add(line);
        return body.ToArray();
    }

    public List<string> Trailers { get; } = [];

    /// <summary>Reads to the end; a reset counts as an end.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        var all = new MemoryStream();
        try
        {
            while (_start < _end || await FillAsync())
            {
                all.Write(_buffer.AsSpan(_start, _end - _start));
                _start = _end;
            }
        }
        catch (IOException)
        {
        }
        return all.ToArray();
    }

    /// <summary>Reads an answer that may be none: to its end if it has a length, else until nothing more comes because the other side
    /// closed.</summary>
    public async Task<byte[]> ReadSomeAnswerAsync()
    {
        var all = new MemoryStream();
        try
        {
            while (await ReadByteAsync() is { } b)
            {
                all.WriteByte(b);
                var text = Encoding.Latin1.GetString(all.ToArray());
                var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                var length = text.IndexOf("Content-Length: ", StringComparison.Ordinal);
                if (head > 0 && length > 0 && length < head
                    && all.Length == head + 4 + int.Parse(text[(length + 16)..text.IndexOf('\r', length)], System.Globalization.CultureInfo.InvariantCulture))
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
        }
        return all.ToArray();
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<bool> FillAsync()
    {
        _start = 0;
        var read = stream.ReadAsync(_buffer).AsTask();
        _end = await (isPatient ? read : read.Within());
        return _end > 0;
    }
}
