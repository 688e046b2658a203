using System.ComponentModel;
using System.Runtime.InteropServices;

namespace BucketProxy.Cluster.Durability;

/// <summary>fsync of a directory, which .NET has no call for: without it a rename may be lost in a power failure.</summary>
internal static class DirectoryFlush
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The directory could not be opened or flushed.</exception>
    public static void Flush(string directory)
    {
        // Windows journals renames by itself and cannot open a directory this way.
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
            throw Failed(directory);
        try
        {
            if (Sync(descriptor) != 0)
                throw Failed(directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string directory)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot flush directory {directory}: {new Win32Exception(error).Message}", error);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
