using System.Globalization;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>A connection read and written by hand.</summary>
/// <param name="stream">Owned from here on.</param>
/// <param name="isPatient">Waits for ever. A client's does not: what does not come is a fault.</param>
public sealed class RawConnection(Stream stream, bool isPatient = true) : IAsyncDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly List<string> _trailers = [];
    private int _start;
    private int _end;

    /// <summary>What is below.</summary>
    public Stream Stream => stream;

    /// <summary>Sends Latin-1.</summary>
    public async Task SendAsync(string latin1) => await stream.WriteAsync(Encoding.Latin1.GetBytes(latin1));

    /// <summary>Sends bytes.</summary>
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

    /// <summary>Reads one byte; null at the end of the stream.</summary>
    public async Task<byte?> ReadByteAsync()
    {
        if (_start == _end && !await FillAsync())
            return null;
        return _buffer[_start++];
    }

    /// <summary>Reads so many bytes.</summary>
    /// <exception cref="EndOfStreamException">Fewer came.</exception>
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

    /// <summary>Reads a line; returns it without its end.</summary>
    /// <exception cref="EndOfStreamException">It has no end.</exception>
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
            var size = int.Parse((await ReadLineAsync()).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
                break;
            body.Write(await ReadExactlyAsync(size));
            await ReadLineAsync();
        }
        _trailers.Clear();
        for (var line = await ReadLineAsync(); line.Length > 0; line = await ReadLineAsync())
            _trailers.Add(line);
        return body.ToArray();
    }

    /// <summary>The trailer lines of the chunked body that was read last.</summary>
    public IReadOnlyList<string> Trailers => _trailers;

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
                    && all.Length == head + 4 + int.Parse(text[(length + 16)..text.IndexOf('\r', length)], CultureInfo.InvariantCulture))
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

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<bool> FillAsync()
    {
        _start = 0;
        var read = stream.ReadAsync(_buffer).AsTask();
        _end = await (isPatient ? read : read.Within());
        return _end > 0;
    }
}
