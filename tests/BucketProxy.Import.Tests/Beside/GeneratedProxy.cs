namespace BucketProxy.Import.Tests.Beside;

/// <summary>A random configuration.</summary>
/// <param name="Text">The file.</param>
/// <param name="Files">What it includes, by name.</param>
/// <param name="Prefixes">How UUIDs begin that it treats in a way of their own.</param>
internal sealed record GeneratedProxy(string Text, IReadOnlyDictionary<string, string> Files, IReadOnlyList<string> Prefixes)
{
    /// <summary>For who reads a failure.</summary>
    public override string ToString() => Text + string.Concat(Files.Select(f => $"\n--- {f.Key}\n{f.Value}"));
}
