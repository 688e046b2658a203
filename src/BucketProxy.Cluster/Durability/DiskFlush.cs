using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BucketProxy.Cluster.Durability;

/// <summary>
/// fsync that says when it failed. .NET's own (<see cref="RandomAccess.FlushToDisk"/>, <see cref="FileStream.Flush(bool)"/>) does not
/// on Linux: in .NET 10.0 its native part takes a comparison for the result, so that no error ever comes through
/// (<c>SystemNative_FSync</c> in https://github.com/dotnet/runtime/blob/main/src/native/libs/System.Native/pal_io.c). And it has none for directories.
/// </summary>
internal static class DiskFlush
{
    private const int ReadOnly = 0;
    private const int Interrupted = 4; // EINTR

    /// <summary>From here on the file's content survives a power failure.</summary>
    /// <exception cref="IOException">It could not be flushed: nobody knows what of it is on disk.</exception>
    public static void File(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            Flush((int)file.DangerousGetHandle(), path);
        }
        finally
        {
            if (held)
                file.DangerousRelease();
        }
    }

    /// <summary>From here on the names in a directory survive a power failure: without it a rename may be lost.</summary>
    /// <exception cref="IOException">The directory could not be opened or flushed.</exception>
    public static void Directory(string directory)
    {
        // Windows journals renames by itself and cannot open a directory this way.
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
            throw Failed(directory);
        try
        {
            Flush(descriptor, directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static void Flush(int descriptor, string path)
    {
        while (Sync(descriptor) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw Failed(path);
        }
    }

    private static IOException Failed(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Cannot flush {path}: {new Win32Exception(error).Message}", error);
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
