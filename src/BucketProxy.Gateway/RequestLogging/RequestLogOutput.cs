using System.Text;

namespace BucketProxy.Gateway.RequestLogging;

/// <summary>Where lines of the request log go. Called by one task at a time.</summary>
public interface IRequestLogOutput : IAsyncDisposable
{
    /// <summary>Writes whole lines of UTF-8. They may be changed once it is done.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> lines);
}

/// <summary>Lines to a writer that others use too, such as the console: each batch in one call, so that lines stay whole.</summary>
public sealed class SharedOutput(TextWriter writer) : IRequestLogOutput
{
    /// <inheritdoc/>
    public async Task WriteAsync(ReadOnlyMemory<byte> lines)
    {
        await writer.WriteAsync(Encoding.UTF8.GetString(lines.Span)).ConfigureAwait(false);
        await writer.FlushAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// Lines at the end of a file. One that was renamed, removed or cut short by a log rotation is opened anew, so nobody has to be told.
/// </summary>
public sealed class FileOutput : IRequestLogOutput
{
    private readonly string _path;
    private FileStream _file;

    /// <summary>Opens the file, and makes it where it is not there.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public FileOutput(string path)
    {
        _path = path;
        _file = Open(path);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(ReadOnlyMemory<byte> lines)
    {
        var now = new FileInfo(_path);
        if (!now.Exists || now.Length < _file.Position)
        {
            var file = Open(_path);
            await _file.DisposeAsync().ConfigureAwait(false);
            _file = file;
        }
        await _file.WriteAsync(lines).ConfigureAwait(false);
        await _file.FlushAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static FileStream Open(string path) =>
        new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
