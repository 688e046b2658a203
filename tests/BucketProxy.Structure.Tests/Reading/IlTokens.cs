using System.Buffers.Binary;
using System.Reflection.Emit;

namespace BucketProxy.Structure.Tests.Reading;

/// <summary>Which types, methods and fields a method's IL names. ECMA-335, partition III.</summary>
internal static class IlTokens
{
    private static readonly Dictionary<ushort, OpCode> Instructions = typeof(OpCodes).GetFields()
        .Select(f => f.GetValue(null)).OfType<OpCode>().ToDictionary(o => unchecked((ushort)o.Value));

    /// <summary>The metadata tokens in a method's IL, in the order in which they stand there. Those of string literals are none.</summary>
    public static IEnumerable<int> Of(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            // 0xFE opens an instruction of two bytes.
            var code = il[at] == 0xFE ? (ushort)(0xFE00 | il[at + 1]) : il[at];
            var instruction = Instructions[code];
            at += instruction.Size;
            if (instruction.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return ReadInt32(il, at);
            at += OperandSize(instruction.OperandType, il, at);
        }
    }

    private static int OperandSize(OperandType kind, byte[] il, int at) => kind switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * ReadInt32(il, at)),
        _ => 4,
    };

    private static int ReadInt32(byte[] il, int at) => BinaryPrimitives.ReadInt32LittleEndian(il.AsSpan(at));
}
