namespace BucketProxy.Structure.Tests.Graphs;

/// <summary>That something in one folder uses something in another.</summary>
/// <param name="From">The namespace that uses.</param>
/// <param name="By">The type in it, or the file.</param>
/// <param name="To">The namespace that is used.</param>
/// <param name="What">The type in it, or what a <c>using</c> line says.</param>
internal sealed record Use(string From, string By, string To, string What)
{
    /// <inheritdoc />
    public override string ToString() => $"{From}: {By} uses {What}";
}
