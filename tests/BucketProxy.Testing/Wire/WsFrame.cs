using System.Buffers.Binary;
using System.Text;

namespace BucketProxy.Testing.Wire;

/// <summary>A frame that came.</summary>
/// <param name="Opcode">What it is.</param>
/// <param name="IsLast">No other belongs to it.</param>
/// <param name="Reserved">The three bits that extensions use, where they stand.</param>
/// <param name="IsMasked">It was masked.</param>
/// <param name="Payload">Without the mask.</param>
public sealed record WsFrame(byte Opcode, bool IsLast, byte Reserved, bool IsMasked, byte[] Payload)
{
    /// <summary>The payload as text.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The code of a close.</summary>
    public int CloseCode => BinaryPrimitives.ReadUInt16BigEndian(Payload);
}
