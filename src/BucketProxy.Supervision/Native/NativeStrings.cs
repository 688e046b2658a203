using System.Runtime.InteropServices;

namespace BucketProxy.Supervision.Native;

/// <summary>An array of C strings with a null at its end, as exec wants arguments and environment.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly byte** _strings;
    private readonly int _count;

    public NativeStrings(IReadOnlyList<string> strings)
    {
        _count = strings.Count;
        _strings = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < _count; i++)
            _strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
    }

    /// <summary>For C.</summary>
    public byte** Pointer => _strings;

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
            Marshal.FreeCoTaskMem((nint)_strings[i]);
        NativeMemory.Free(_strings);
    }
}
