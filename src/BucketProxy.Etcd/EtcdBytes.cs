using System.Text;
using Google.Protobuf;

namespace BucketProxy.Etcd;

/// <summary>A key or a value: an immutable run of bytes. etcd knows no text, so nothing is lost by reading one that is not UTF-8.</summary>
/// <remarks>Compares and sorts byte by byte, as etcd does. A byte array given to it must not be changed afterwards.</remarks>
public readonly struct EtcdBytes : IEquatable<EtcdBytes>, IComparable<EtcdBytes>
{
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Wraps the bytes without copying them.</summary>
    public EtcdBytes(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The bytes of the text in UTF-8.</summary>
    public EtcdBytes(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _bytes = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>The bytes themselves.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>The bytes themselves.</summary>
    public ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>How many bytes there are.</summary>
    public int Length => _bytes.Length;

    /// <summary>Whether there is no byte at all.</summary>
    public bool IsEmpty => _bytes.IsEmpty;

    /// <summary>The text of a UTF-8 string.</summary>
    public static implicit operator EtcdBytes(string text) => new(text);

    /// <summary>Wraps the array without copying it.</summary>
    public static implicit operator EtcdBytes(byte[] bytes) => new((ReadOnlyMemory<byte>)bytes);

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(EtcdBytes left, EtcdBytes right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(EtcdBytes left, EtcdBytes right) => !left.Equals(right);

    /// <summary>Byte-wise order.</summary>
    public static bool operator <(EtcdBytes left, EtcdBytes right) => left.CompareTo(right) < 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >(EtcdBytes left, EtcdBytes right) => left.CompareTo(right) > 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator <=(EtcdBytes left, EtcdBytes right) => left.CompareTo(right) <= 0;

    /// <summary>Byte-wise order.</summary>
    public static bool operator >=(EtcdBytes left, EtcdBytes right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public bool Equals(EtcdBytes other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EtcdBytes other && Equals(other);

    /// <inheritdoc/>
    public int CompareTo(EtcdBytes other) => Span.SequenceCompareTo(other.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>The bytes read as UTF-8; a byte that is none becomes U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Span);

    /// <summary>Copies a UTF-8 string.</summary>
    public static EtcdBytes FromString(string text) => new(text);

    /// <summary>Wraps the array without copying it.</summary>
    public static EtcdBytes FromByteArray(byte[] bytes) => new((ReadOnlyMemory<byte>)bytes);

    internal ByteString ToWire() => UnsafeByteOperations.UnsafeWrap(_bytes);

    internal static EtcdBytes FromWire(ByteString bytes) => new(bytes.Memory);
}
