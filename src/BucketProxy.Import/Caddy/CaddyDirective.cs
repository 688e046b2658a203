using BucketProxy.Import.Splits;

namespace BucketProxy.Import.Caddy;

/// <summary>A line of a Caddyfile, and what stands in its braces.</summary>
/// <param name="Words">The line's words, its name first.</param>
/// <param name="Block">What stands in its braces; null: it has none.</param>
internal sealed record CaddyDirective(IReadOnlyList<CaddyWord> Words, IReadOnlyList<CaddyDirective>? Block)
{
    public string Name => Words[0].Text;

    public Place Place => Words[0].Place;

    public IEnumerable<CaddyDirective> Inside => Block ?? [];

    /// <summary>The words behind its name.</summary>
    public IEnumerable<string> Arguments => Words.Skip(1).Select(w => w.Text);

    /// <summary>What its matcher is, where it has one: <c>*</c>, a path or <c>@name</c>.</summary>
    public string? Matcher => Words.Count > 1 && Words[1].Text is (['*'] or ['/', ..] or ['@', ..]) ? Words[1].Text : null;

    /// <summary>The words behind its name and matcher.</summary>
    public IReadOnlyList<string> Values => [.. Arguments.Skip(Matcher is null ? 0 : 1)];

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Words.Select(w => w.Text));

    public ImportException Refuse(string reason) => new(Place, $"'{this}' {reason}");
}
