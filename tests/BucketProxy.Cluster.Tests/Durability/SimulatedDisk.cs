using BucketProxy.Cluster.Durability;

namespace BucketProxy.Cluster.Tests.Durability;

/// <summary>
/// A disk that remembers what a real one would still hold after a power failure: content only up to the last flush of the
/// file, names only up to the last flush of the directory, and of anything later an arbitrary part.
/// </summary>
internal sealed class SimulatedDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Inode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<Action<Dictionary<string, Inode>>> _pendingNames = [];

    public string Description => "simulated disk";

    /// <summary>How many operations that change something were carried out.</summary>
    public int Operations { get; private set; }

    /// <summary>At this operation (counted from 1) the machine dies: nothing works any more.</summary>
    public int CrashAt { get; set; } = int.MaxValue;

    /// <summary>This operation fails (half of a write is done), the next one works again.</summary>
    public int FailAt { get; set; } = int.MaxValue;

    /// <summary>While true, every operation that changes something fails: full, or read-only.</summary>
    public bool Full { get; set; }

    public IReadOnlyList<string> List()
    {
        lock (_lock)
            return [.. _names.Keys];
    }

    public byte[]? Read(string name)
    {
        lock (_lock)
            return _names.TryGetValue(name, out var inode) ? [.. inode.Content] : null;
    }

    public void Write(string name, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            var whole = Step(out var error);
            if (!_names.TryGetValue(name, out var inode))
            {
                inode = new Inode();
                Name(names => names[name] = inode);
            }
            var written = whole ? bytes : bytes[..(bytes.Length / 2)];
            if (inode.Content.Length < offset + written.Length)
                Array.Resize(ref inode.Content, (int)offset + written.Length);
            written.CopyTo(inode.Content.AsSpan((int)offset));
            if (error is not null)
                throw error;
        }
    }

    public void Flush(string name)
    {
        lock (_lock)
        {
            if (!Step(out var error))
                throw error!;
            _names[name].Flushed = [.. _names[name].Content];
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            if (!Step(out var error))
                throw error!;
            var inode = _names[from];
            Name(names =>
            {
                names.Remove(from);
                names[to] = inode;
            });
        }
    }

    public void Delete(string name)
    {
        lock (_lock)
        {
            if (!Step(out var error))
                throw error!;
            Name(names => names.Remove(name));
        }
    }

    public void FlushNames()
    {
        lock (_lock)
        {
            if (!Step(out var error))
                throw error!;
            foreach (var change in _pendingNames)
                change(_durableNames);
            _pendingNames.Clear();
        }
    }

    /// <summary>Replaces a file's content as if it had always been so.</summary>
    public void Overwrite(string name, byte[] content)
    {
        lock (_lock)
        {
            _names[name] = new Inode { Content = content, Flushed = [.. content] };
            _durableNames[name] = _names[name];
        }
    }

    /// <summary>What the machine finds when it comes back, by the luck of <paramref name="random"/>.</summary>
    public SimulatedDisk AfterCrash(Random random)
    {
        lock (_lock)
        {
            var names = new Dictionary<string, Inode>(_durableNames, StringComparer.Ordinal);
            // Nobody promises that what was not flushed comes to disk in order.
            foreach (var change in _pendingNames.Where(_ => random.Next(2) == 0))
                change(names);
            var disk = new SimulatedDisk();
            foreach (var (name, inode) in names)
                disk.Overwrite(name, inode.AfterCrash(random));
            return disk;
        }
    }

    private bool Step(out IOException? error)
    {
        Operations++;
        error = Operations >= CrashAt ? new IOException("The machine is dead.")
            : Operations == FailAt || Full ? new IOException("No space left on device.")
            : null;
        return error is null;
    }

    private void Name(Action<Dictionary<string, Inode>> change)
    {
        change(_names);
        _pendingNames.Add(change);
    }

    private sealed class Inode
    {
        public byte[] Content = [];

        public byte[] Flushed = [];

        public byte[] AfterCrash(Random random)
        {
            if (Content.AsSpan().SequenceEqual(Flushed))
                return [.. Content];
            // The length may have come to disk without the bytes, which are zero then.
            var length = random.Next(Flushed.Length, Content.Length + 1);
            var real = random.Next(Flushed.Length, length + 1);
            var content = new byte[length];
            Content.AsSpan(0, real).CopyTo(content);
            return content;
        }
    }
}
