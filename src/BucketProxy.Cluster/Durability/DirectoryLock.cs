using System.Globalization;
using System.Runtime.InteropServices;

namespace BucketProxy.Cluster.Durability;

/// <summary>
/// Holds a directory for one process, by a lock that the system gives up when the process dies, however it dies.
/// </summary>
/// <remarks>Who holds it stands in a file beside the lock, because the locked file itself cannot be read by others.
/// Network file systems that do not know flock(2) give no protection.</remarks>
public sealed class DirectoryLock : IDisposable
{
    private const string LockFile = "lock";
    private const string HolderFile = "lock-holder";
    private readonly FileStream _lock;

    private DirectoryLock(FileStream held) => _lock = held;

    /// <summary>Takes the lock; makes the directory if it is not there.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="timeProvider">For the text that says since when it is held.</param>
    /// <exception cref="DirectoryLockedException">Another one holds it.</exception>
    /// <exception cref="IOException">The directory or the lock cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory or the lock may not be made.</exception>
    public static DirectoryLock Take(string directory, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        var full = Directory.CreateDirectory(directory).FullName;
        FileStream held;
        try
        {
            // The file is never deleted: a process that had opened it before would lock a file nobody sees.
            held = new FileStream(Path.Combine(full, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsLocked(e))
        {
            throw new DirectoryLockedException(full, ReadHolder(full), e);
        }
        try
        {
            File.WriteAllText(Path.Combine(full, HolderFile), string.Create(
                CultureInfo.InvariantCulture,
                $"process {Environment.ProcessId} on {Environment.MachineName}, since {timeProvider.GetUtcNow():u}"));
            return new DirectoryLock(held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Gives the lock up.</summary>
    public void Dispose() => _lock.Dispose();

    private static string ReadHolder(string directory)
    {
        var path = Path.Combine(directory, HolderFile);
        return File.Exists(path) ? File.ReadAllText(path) : "a process that did not say who it is";
    }

    // EWOULDBLOCK on Unix (11 on Linux, 35 on macOS); ERROR_SHARING_VIOLATION on Windows.
    private static bool IsLocked(IOException e) =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
            ? (e.HResult & 0xFFFF) == 32
            : e.GetType() == typeof(IOException) && e.HResult is 11 or 35;
}
