namespace BucketProxy.Core.Bases;

internal static class HexDigit
{
    /// <summary>0 to 15, or −1 when <paramref name="c"/> is no hex digit.</summary>
    public static int Value(int c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };
}
