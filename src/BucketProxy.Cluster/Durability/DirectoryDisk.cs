using Microsoft.Win32.SafeHandles;

namespace BucketProxy.Cluster.Durability;

/// <summary>A real directory. Not thread-safe.</summary>
internal sealed class DirectoryDisk : IDisk, IDisposable
{
    private readonly Dictionary<string, SafeFileHandle> _open = new(StringComparer.Ordinal);

    public DirectoryDisk(string directory)
    {
        Description = Path.GetFullPath(directory);
        Directory.CreateDirectory(Description);
    }

    public string Description { get; }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Description).Select(f => Path.GetFileName(f)!)];

    public byte[]? Read(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
            return null;
        // Through the handle that may be open for writing: a second one would find the file locked.
        var handle = Handle(name);
        var bytes = new byte[RandomAccess.GetLength(handle)];
        var read = 0;
        while (read < bytes.Length)
        {
            var n = RandomAccess.Read(handle, bytes.AsSpan(read), read);
            if (n == 0)
                throw new EndOfStreamException($"{path} became shorter while it was read.");
            read += n;
        }
        return bytes;
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(Handle(name), bytes, offset);

    public void Flush(string name) => DiskFlush.File(Handle(name), PathOf(name));

    public void Rename(string from, string to)
    {
        Close(from);
        Close(to);
        File.Move(PathOf(from), PathOf(to), overwrite: true);
    }

    public void Delete(string name)
    {
        Close(name);
        File.Delete(PathOf(name));
    }

    public void FlushNames() => DiskFlush.Directory(Description);

    public void Dispose()
    {
        foreach (var handle in _open.Values)
            handle.Dispose();
        _open.Clear();
    }

    private string PathOf(string name) => Path.Combine(Description, name);

    private SafeFileHandle Handle(string name)
    {
        if (!_open.TryGetValue(name, out var handle))
        {
            handle = File.OpenHandle(PathOf(name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            _open.Add(name, handle);
        }
        return handle;
    }

    private void Close(string name)
    {
        if (_open.Remove(name, out var handle))
            handle.Dispose();
    }
}
