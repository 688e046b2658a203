using System.Text;
using BucketProxy.Cluster.Durability;

namespace BucketProxy.Cluster.LocalState;

/// <summary>
/// What one proxy keeps on its own disk: which processes it was before, and the last good table. Locked by one process at a
/// time, so whoever holds it is the successor of everybody who held it before, and they are dead. Thread-safe.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    private const string InstancesFile = "instances";
    private readonly Lock _writing = new();
    private readonly DirectoryLock? _lock;
    private readonly IDisk _disk;

    private StateDirectory(IDisk disk, DirectoryLock? directoryLock, string instance)
    {
        (_disk, _lock, Instance) = (disk, directoryLock, instance);
        Predecessors = [.. ReadInstances().Where(i => i != instance)];
        // Before this process is known to the cluster: a crash right after that must leave its name to the successor.
        WriteInstances([.. Predecessors, instance]);
    }

    /// <summary>This process's instance id.</summary>
    public string Instance { get; }

    /// <summary>Instances of earlier processes in this directory whose records may still stand in the store, oldest first.</summary>
    public IReadOnlyList<string> Predecessors { get; private set; }

    /// <summary>Where it is.</summary>
    public string Description => _disk.Description;

    /// <summary>Locks the directory, makes it if it is not there, and enters this process as its holder.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="instance">This process's instance id, unique per process, without line breaks.</param>
    /// <param name="timeProvider">For the text that says since when it is held.</param>
    /// <exception cref="DirectoryLockedException">Another process holds it; the message names it.</exception>
    /// <exception cref="InvalidDataException">The list of earlier processes is damaged.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written.</exception>
    public static StateDirectory Open(string directory, string instance, TimeProvider timeProvider)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instance);
        if (instance.Contains('\n', StringComparison.Ordinal))
            throw new ArgumentException("An instance id holds no line break.", nameof(instance));
        var directoryLock = DirectoryLock.Take(directory, timeProvider);
        DirectoryDisk? disk = null;
        try
        {
            disk = new DirectoryDisk(directory);
            return new StateDirectory(disk, directoryLock, instance);
        }
        catch
        {
            disk?.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Opens one on a disk of the caller's, for tests.</summary>
    internal static StateDirectory Open(IDisk disk, string instance) => new(disk, null, instance);

    /// <summary>
    /// Forgets the earlier processes. Call only once their records are out of the store: until then whoever comes next must
    /// still know them.
    /// </summary>
    public void ForgetPredecessors()
    {
        lock (_writing)
        {
            if (Predecessors.Count == 0)
                return;
            WriteInstances([Instance]);
            Predecessors = [];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_writing)
        {
            (_disk as IDisposable)?.Dispose();
            _lock?.Dispose();
        }
    }

    internal byte[]? Read(string name)
    {
        lock (_writing)
            return _disk.Read(name);
    }

    internal void Replace(string name, ReadOnlySpan<byte> content)
    {
        lock (_writing)
            _disk.Replace(name, content);
    }

    private string[] ReadInstances()
    {
        if (_disk.Read(InstancesFile) is not { } bytes)
            return [];
        if (!Frame.TryDecode(bytes, out var text))
        {
            throw new InvalidDataException(
                $"{InstancesFile} in {_disk.Description} is damaged: the earlier processes of this proxy are not known. "
                + "Delete the file, and tell the cluster to forget the instances that are gone.");
        }
        return Encoding.UTF8.GetString(text.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private void WriteInstances(IReadOnlyList<string> instances) =>
        _disk.Replace(InstancesFile, Frame.Encode(Encoding.UTF8.GetBytes(string.Join('\n', instances))));
}
