using System.Buffers.Binary;

namespace BucketProxy.Gateway.Tunnels;

/// <summary>
/// Where in a stream of websocket frames (RFC 6455 section 5.2) a byte stands. Looks at headers only: payloads, extensions and
/// fragments pass as they are. A control frame may stand between any two frames, also inside a fragmented message.
/// </summary>
internal struct FrameCursor
{
    private const int LongestHeader = 14;
    private ulong _payloadLeft;
    private HeaderBytes _header;
    private int _headerHave;

    /// <summary>The opcode of a close frame.</summary>
    public const byte Close = 8;

    /// <summary>Opcode of the frame that began last; 0 before the first.</summary>
    public byte Latest { get; private set; }

    /// <summary>True between two frames.</summary>
    public readonly bool AtBoundary => _headerHave == 0 && _payloadLeft == 0;

    /// <summary>A frame with <paramref name="opcode"/> has just passed, whole.</summary>
    public readonly bool HasEnded(byte opcode) => Latest == opcode && AtBoundary;

    /// <summary>Opcode of the frame whose first byte is <paramref name="first"/>.</summary>
    public static byte Opcode(byte first) => (byte)(first & 0x0f);

    /// <summary>Passes the rest of the present frame, as far as it is in <paramref name="data"/>; nothing when between two frames.
    /// Returns how many bytes that were.</summary>
    public int AdvanceToBoundary(ReadOnlySpan<byte> data)
    {
        var passed = 0;
        while (passed < data.Length && !AtBoundary)
            passed += AdvanceInFrame(data[passed..]);
        return passed;
    }

    /// <summary>Passes frames until one with <paramref name="opcode"/> begins, or up to the end of one that has begun, or ended, before. Returns how many bytes
    /// that were: the length of <paramref name="data"/> when there is none.</summary>
    public int AdvanceUntil(byte opcode, ReadOnlySpan<byte> data)
    {
        var passed = 0;
        while (passed < data.Length && !HasEnded(opcode))
        {
            if (AtBoundary && Opcode(data[passed]) == opcode)
                return passed;
            passed += AdvanceInFrame(data[passed..]);
        }
        return passed;
    }

    /// <summary>Passes frames up to the end of the first with <paramref name="opcode"/>, which may have begun, or ended, before. Returns how many bytes that were.</summary>
    public int AdvanceThrough(byte opcode, ReadOnlySpan<byte> data)
    {
        var passed = 0;
        while (passed < data.Length && !HasEnded(opcode))
            passed += AdvanceInFrame(data[passed..]);
        return passed;
    }

    /// <summary>Passes some bytes, never beyond the end of a frame; at least one.</summary>
    private int AdvanceInFrame(ReadOnlySpan<byte> data)
    {
        if (_payloadLeft > 0)
        {
            var passed = (int)Math.Min(_payloadLeft, (ulong)data.Length);
            _payloadLeft -= (ulong)passed;
            return passed;
        }
        Span<byte> header = _header;
        var taken = 0;
        while (taken < data.Length)
        {
            header[_headerHave++] = data[taken++];
            if (_headerHave < 2 || _headerHave < HeaderLength(header[1]))
                continue;
            _payloadLeft = (header[1] & 0x7f) switch
            {
                126 => BinaryPrimitives.ReadUInt16BigEndian(header[2..]),
                127 => BinaryPrimitives.ReadUInt64BigEndian(header[2..]),
                var small => (ulong)small,
            };
            Latest = Opcode(header[0]);
            _headerHave = 0;
            break;
        }
        return taken;
    }

    private static int HeaderLength(byte second)
    {
        var length = 2 + ((second & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 });
        return (second & 0x80) != 0 ? length + 4 : length;
    }

    [System.Runtime.CompilerServices.InlineArray(LongestHeader)]
    private struct HeaderBytes
    {
        private byte _first;
    }
}
