using System.Text;

namespace BucketProxy.Testing;

/// <summary>Texts and bytes with something wrong in them: a bit turned, a part lost, doubled or put elsewhere, the end cut off, a piece put in.</summary>
public static class Mutations
{
    private const int Most = 4;

    /// <summary>The text with none to four changes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="random">Decides.</param>
    /// <param name="pieces">What may be put in: what matters to whoever reads it.</param>
    public static string Of(string text, Random random, params IReadOnlyList<string> pieces)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(random);
        var changed = new StringBuilder(text);
        for (var changes = random.Next(Most + 1); changes > 0; changes--)
            Change(changed, text, random, pieces);
        return changed.ToString();
    }

    /// <summary>The bytes with none to four changes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="random">Decides.</param>
    /// <param name="pieces">What may be put in; each character is a byte (Latin-1).</param>
    public static byte[] Of(byte[] bytes, Random random, params IReadOnlyList<string> pieces) =>
        Encoding.Latin1.GetBytes(Of(Encoding.Latin1.GetString(bytes), random, pieces));

    private static void Change(StringBuilder text, string original, Random random, IReadOnlyList<string> pieces)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, random.Next(4) == 0 ? 256 : 9), text.Length - at);
        switch (random.Next(12))
        {
            case 0 or 1 when at < text.Length:
                text[at] ^= (char)(1 << random.Next(8));
                break;
            case 2 or 3:
                text.Remove(at, length);
                break;
            case 4 or 5:
                text.Insert(at, text.ToString(at, length));
                break;
            case 6 or 7:
                var from = random.Next(original.Length + 1);
                text.Insert(at, original.AsSpan(from, Math.Min(random.Next(64), original.Length - from)));
                break;
            case 8:
                text.Length = at;
                break;
            case > 8 when pieces.Count > 0:
                text.Insert(at, pieces[random.Next(pieces.Count)]);
                break;
            default:
                text.Insert(at, (char)random.Next(256));
                break;
        }
    }
}
