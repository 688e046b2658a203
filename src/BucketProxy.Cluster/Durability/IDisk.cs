namespace BucketProxy.Cluster.Durability;

/// <summary>
/// One directory of files, by the operations that matter to what survives a crash. The real one is
/// <see cref="DirectoryDisk"/>; tests have one that crashes between any two operations and forgets what was not flushed.
/// </summary>
/// <remarks>Every member may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</remarks>
internal interface IDisk
{
    /// <summary>Where it is, for messages.</summary>
    string Description { get; }

    /// <summary>The names of all files.</summary>
    IReadOnlyList<string> List();

    /// <summary>A file's content, or null when there is no such file.</summary>
    byte[]? Read(string name);

    /// <summary>Writes at an offset; makes the file if it is not there. Nothing of it is sure to survive a crash.</summary>
    void Write(string name, long offset, ReadOnlySpan<byte> bytes);

    /// <summary>From here on, what was written to the file survives a crash (fsync), if its name does.</summary>
    void Flush(string name);

    /// <summary>Gives a file another name, over one that may be there.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file.</summary>
    void Delete(string name);

    /// <summary>From here on, names given and taken before survive a crash (fsync of the directory).</summary>
    void FlushNames();
}

internal static class DiskExtensions
{
    /// <summary>
    /// Replaces a file's content as a whole: after a crash at any point it is the one or the other, and when this
    /// returns it is the new one.
    /// </summary>
    public static void Replace(this IDisk disk, string name, ReadOnlySpan<byte> bytes)
    {
        var temporary = name + ".tmp";
        // What an earlier try left must not stay behind the end of a shorter content.
        if (disk.Read(temporary) is not null)
            disk.Delete(temporary);
        disk.Write(temporary, 0, bytes);
        // The content before the name: else the name can survive a crash that the content does not.
        disk.Flush(temporary);
        disk.Rename(temporary, name);
        disk.FlushNames();
    }
}
