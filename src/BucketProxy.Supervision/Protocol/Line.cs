using System.Globalization;
using System.Text;

namespace BucketProxy.Supervision.Protocol;

/// <summary>What goes over the two pipes between the gate and its fuse: a word, a space, a whole number, a line feed. See <see cref="Words"/>.</summary>
internal readonly record struct Line(string Word, long Value)
{
    /// <summary>As it is written. Far shorter than the 4096 bytes that a pipe takes as a whole.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Word} {Value}\n"));

    /// <summary>Reads one, without its line feed. Null: it is none.</summary>
    public static Line? Read(string text) => text.Split(' ') is [{ Length: > 0 } word, var number]
        && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? new Line(word, value) : null;
}
