using BucketProxy.Testing;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Tunnels;

/// <summary>Websocket frames (RFC 6455 section 5.2) read the plain way, from all bytes at once, for comparison.</summary>
internal sealed class FrameReference
{
    /// <summary>The place of what never comes.</summary>
    public static readonly UInt128 Never = UInt128.MaxValue;

    private static readonly byte[] Opcodes = [0, Ws.Text, Ws.Text, Ws.Binary, Ws.Binary, 3, Ws.Close, Ws.Ping, 10, 15];
    private static readonly int[] Lengths = [0, 0, 1, 2, 5, 100, 125, 126, 127, 300];

    // Heads of closes, of lengths in every width, and of a payload without end.
    private static readonly string[] Words =
        ["\u0088\u0002\u0003\u00e8", "\u0088\u0080\u0001\u0002\u0003\u0004", "\u0088", "\u0008", "\u0082\u007e\u0000\u0003", "\u0081\u007f\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0001", "\u0082\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "\u0000", "\u00ff"];

    private readonly List<Frame> _frames = [];

    public FrameReference(byte[] bytes)
    {
        for (UInt128 at = 0; at < (uint)bytes.Length; at = _frames[^1].End)
        {
            var start = (int)at;
            var (header, payload) = Read(bytes.AsSpan(start));
            _frames.Add(new Frame(start, header == 0 ? Never : at + header, header == 0 ? Never : at + header + payload, bytes[start] % 16));
        }
    }

    /// <summary>A frame that has begun.</summary>
    /// <param name="Start">Where.</param>
    /// <param name="Payload">Where its payload begins.</param>
    /// <param name="End">Where the next one begins.</param>
    /// <param name="Opcode">What it is.</param>
    public sealed record Frame(int Start, UInt128 Payload, UInt128 End, int Opcode);

    public IReadOnlyList<Frame> Frames => _frames;

    /// <summary>The end of the first close.</summary>
    public UInt128 CloseEnd => _frames.Find(f => f.Opcode == Ws.Close)?.End ?? Never;

    /// <summary>Frames as ends may send them; half of the time with something wrong in them.</summary>
    public static byte[] Bytes(Random random)
    {
        var bytes = new List<byte>();
        for (var frames = random.Next(8); frames > 0; frames--)
        {
            var payload = new byte[random.Next(100) == 0 ? 65536 : Lengths[random.Next(Lengths.Length)]];
            random.NextBytes(payload);
            var masked = random.Next(2) == 0;
            var frame = Ws.Frame(Opcodes[random.Next(Opcodes.Length)], payload, masked, random.Next(2) == 0, (byte)(random.Next(8) << 4));
            // A length that would fit into fewer bytes.
            if (payload.Length < 126 && random.Next(8) == 0)
                frame = [frame[0], (byte)(masked ? 0xff : 0x7f), 0, 0, 0, 0, 0, 0, 0, (byte)payload.Length, .. frame.AsSpan(2)];
            bytes.AddRange(frame);
        }
        return random.Next(2) == 0 ? [.. bytes] : Mutations.Of(bytes.ToArray(), random, Words);
    }

    /// <summary>The end of the frame that a place is in, or the place between two.</summary>
    public UInt128 EndOf(UInt128 place) => _frames.Find(f => (uint)f.Start < place && place < f.End)?.End ?? place;

    public bool IsBoundary(UInt128 place) => EndOf(place) == place;

    /// <summary>The frame whose header has come last; 0 before the first.</summary>
    public int Latest(UInt128 place) => _frames.FindLast(f => f.Payload <= place)?.Opcode ?? 0;

    public bool HasEnded(int opcode, UInt128 place) => _frames.Exists(f => f.End == place && f.Opcode == opcode);

    /// <summary>The length of the header and of the payload; no header when it is not whole.</summary>
    private static (uint Header, ulong Payload) Read(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 2)
            return (0, 0);
        var more = (frame[1] % 128) switch { 126 => 2, 127 => 8, _ => 0 };
        var mask = frame[1] >= 128 ? 4 : 0;
        if (frame.Length < 2 + more + mask)
            return (0, 0);
        var length = more == 0 ? (ulong)(frame[1] % 128) : 0;
        foreach (var digit in frame.Slice(2, more))
            length = length * 256 + digit;
        return ((uint)(2 + more + mask), length);
    }
}
