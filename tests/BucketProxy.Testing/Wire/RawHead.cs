namespace BucketProxy.Testing.Wire;

/// <summary>Headers in a head as it came over the wire.</summary>
internal static class RawHead
{
    public static IReadOnlyList<string> All(string head, string name) =>
        [.. head.Split("\r\n").Skip(1).Where(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(h => h[(name.Length + 1)..].Trim())];
}
