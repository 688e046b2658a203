using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Values;
using BucketProxy.Import.Splits;

namespace BucketProxy.Commands.Import;

/// <summary>Values of another proxy as values of the <c>data</c> section. One that is out of its setting's range is taken to the limit.</summary>
internal static class ImportedValues
{
    public static IEnumerable<(string Key, string Value)> Of(ImportedSettings settings, List<string> remarks)
    {
        var section = (SectionNode)SettingsSchema.Root.Children.Single(c => c.Name == "data");
        (string Key, object? Value)[] values =
        [
            ("listen", settings.Listen),
            ("certificateFile", settings.CertificateFile),
            ("keyFile", settings.KeyFile),
            ("maxBodySize", settings.MaxBodySize is { } size ? new ByteSize(size) : null),
            ("idleTimeout", settings.IdleTimeout),
            ("connectTimeout", settings.ConnectTimeout),
        ];
        return [.. values.Where(v => v.Value is not null).Select(v => (v.Key, Written((ValueNode)section.Children.Single(c => c.Name == v.Key), v.Value!, remarks)))];
    }

    private static string Written(ValueNode node, object value, List<string> remarks)
    {
        if (value is string text)
            return text;
        if (Limit(node.Documentation!.Min, isMin: true) is { } min)
            return min;
        return Limit(node.Documentation.Max, isMin: false) ?? node.Kind.Format(value);

        string? Limit(string? limit, bool isMin)
        {
            if (limit is null || ((IComparable)value).CompareTo(node.Kind.Parse(limit)) is var order && (isMin ? order >= 0 : order <= 0))
                return null;
            remarks.Add($"data.{node.Name} is {limit}, the {(isMin ? "least" : "most")} that it may be: the file says {node.Kind.Format(value)}.");
            return limit;
        }
    }
}
