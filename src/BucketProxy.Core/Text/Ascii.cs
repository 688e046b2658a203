using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BucketProxy.Core.Text;

/// <summary>Comparisons of ASCII text in <see cref="char"/>s or <see cref="byte"/>s; other types throw.</summary>
internal static class Ascii
{
    // Bit casts rather than CreateTruncating: that one boxes until the JIT has optimized it.

    /// <summary>An ASCII character as a <typeparamref name="TChar"/>.</summary>
    public static TChar Of<TChar>(char c)
        where TChar : unmanaged, IBinaryInteger<TChar> =>
        Unsafe.SizeOf<TChar>() == sizeof(byte) ? Unsafe.BitCast<byte, TChar>((byte)c) : Unsafe.BitCast<char, TChar>(c);

    /// <summary>The <typeparamref name="TChar"/> as a character.</summary>
    public static char Char<TChar>(TChar c)
        where TChar : unmanaged, IBinaryInteger<TChar> =>
        Unsafe.SizeOf<TChar>() == sizeof(byte) ? (char)Unsafe.BitCast<TChar, byte>(c) : Unsafe.BitCast<TChar, char>(c);

    /// <summary>Whether anything but the given characters is in <paramref name="text"/>.</summary>
    public static bool ContainsAnyBut<TChar>(
        ReadOnlySpan<TChar> text, SearchValues<char> chars, SearchValues<byte> sameAsBytes)
        where TChar : unmanaged, IBinaryInteger<TChar> =>
        Unsafe.SizeOf<TChar>() == sizeof(byte)
            ? MemoryMarshal.Cast<TChar, byte>(text).ContainsAnyExcept(sameAsBytes)
            : MemoryMarshal.Cast<TChar, char>(text).ContainsAnyExcept(chars);

    /// <summary><paramref name="lowerCase"/> must be lower-case ASCII.</summary>
    public static bool StartsWithIgnoreCase<TChar>(ReadOnlySpan<TChar> text, string lowerCase)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (text.Length < lowerCase.Length)
            return false;
        for (var i = 0; i < lowerCase.Length; i++)
        {
            var c = Char(text[i]);
            if (c is >= 'A' and <= 'Z')
                c |= ' ';
            if (c != lowerCase[i])
                return false;
        }
        return true;
    }

    public static bool StartsWith<TChar>(ReadOnlySpan<TChar> text, string start)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        if (text.Length < start.Length)
            return false;
        for (var i = 0; i < start.Length; i++)
        {
            if (text[i] != Of<TChar>(start[i]))
                return false;
        }
        return true;
    }
}
