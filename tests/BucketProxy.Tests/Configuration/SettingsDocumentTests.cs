using BucketProxy.Configuration.Schema;

namespace BucketProxy.Tests.Configuration;

public sealed class SettingsDocumentTests
{
    [Fact]
    public void Write_IsWhatTheRepositoryHolds() =>
        Assert.True(SettingsDocument.Write() == File.ReadAllText(Repository.File("docs", "configuration.md")),
            "docs/configuration.md is old. Run: dotnet run --project src/BucketProxy -- check-config --document > docs/configuration.md");

    [Fact]
    public void Schema_EverySettingWithALength_SaysWhatRaisingAndLoweringCosts()
    {
        var silent = Values(SettingsSchema.Root)
            .Where(v => v.Property is { } property && (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type
                && (type == typeof(TimeSpan) || type == typeof(int) || type == typeof(double) || type == typeof(BucketProxy.Configuration.Values.ByteSize)))
            .Where(v => v.Documentation is not { Raise: not null, Lower: not null })
            .Select(v => v.Name);
        Assert.Empty(silent);
    }

    [Fact]
    public void Schema_EveryDefault_IsWithinItsOwnLimits()
    {
        var bad =
            from section in Sections(SettingsSchema.Root)
            let defaults = Activator.CreateInstance(section.Type)!
            from value in section.Children.OfType<ValueNode>()
            let text = value.Property!.GetValue(defaults) is { } one ? value.Kind.Format(one) : null
            where text is not null && value.Documentation is not null
            let parsed = value.Kind.Parse(text)
            where parsed is null || Exceeds(parsed, value.Documentation!.Min, -1) || Exceeds(parsed, value.Documentation!.Max, 1)
            select $"{value.Name} = {text}";
        Assert.Empty(bad);

        static bool Exceeds(object value, string? limit, int sign) =>
            limit is not null && ((IComparable)value).CompareTo(ValueKind.Of(value.GetType())!.Parse(limit)) * sign > 0;
    }

    private static IEnumerable<SectionNode> Sections(SectionNode section) => section.Children
        .Select(c => c as SectionNode ?? (c as ListNode)?.Item as SectionNode)
        .OfType<SectionNode>().SelectMany(Sections).Prepend(section);

    private static IEnumerable<ValueNode> Values(SectionNode section) => Sections(section).SelectMany(s => s.Children.OfType<ValueNode>());
}
