namespace BucketProxy.Cluster.Durability;

/// <summary>Another process holds the directory.</summary>
public sealed class DirectoryLockedException(string directory, string holder, Exception? inner = null)
    : IOException($"Directory {directory} is in use by {holder}. One process may use it at a time.", inner)
{
    /// <summary>The directory.</summary>
    public string LockedDirectory { get; } = directory;

    /// <summary>Who holds it, as it said itself.</summary>
    public string Holder { get; } = holder;
}
