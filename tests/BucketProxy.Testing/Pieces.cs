namespace BucketProxy.Testing;

/// <summary>Cuts bytes into the pieces in which a connection may bring them.</summary>
public static class Pieces
{
    /// <summary>Pieces that together are the whole: byte for byte, small ones, or of any size.</summary>
    /// <param name="length">The length of the whole.</param>
    /// <param name="random">Decides.</param>
    public static IEnumerable<Range> Of(int length, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var longest = random.Next(4) switch { 0 => 1, 1 => 8, _ => Math.Max(1, length) };
        for (var from = 0; from < length;)
        {
            var to = Math.Min(length, from + random.Next(1, longest + 1));
            yield return from..to;
            from = to;
        }
    }
}
