using System.Collections;
using System.Text.RegularExpressions;
using BucketProxy.Configuration.Schema;

namespace BucketProxy.Configuration.Sources;

/// <summary>
/// Environment variables <c>BUCKETPROXY_…</c>: <c>__</c> for nesting; case and single underscores do not matter, so
/// <c>BUCKETPROXY_DATA_DIRECTORY</c> is <c>dataDirectory</c>.
/// </summary>
internal static partial class EnvironmentLayer
{
    public const string Prefix = "BUCKETPROXY_";

    /// <summary>Read by the command line itself; no settings.</summary>
    private static readonly string[] Reserved = ["CONFIG", "URL", "TOKEN"];

    /// <summary>Reads the variables.</summary>
    /// <param name="variables">All of them.</param>
    /// <param name="errors">Where a setting goes that two of them give.</param>
    public static SettingsLayer Read(IDictionary variables, ICollection<SettingError> errors)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var spelling = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            var rest = name[Prefix.Length..];
            if (Reserved.Contains(rest, StringComparer.OrdinalIgnoreCase) || KubernetesLink().IsMatch(rest))
                continue;
            var path = Canonical(rest.Split("__"));
            // Which of the two the environment names last is chance.
            if (!spelling.TryAdd(path, name))
                errors.Add(new SettingError("environment", name, null, $"says the same setting as {spelling[path]}; allowed: one of the two."));
            values[path] = (string?)variable.Value;
        }
        return SettingsLayer.Of("environment", values, path => spelling.GetValueOrDefault(path)
            ?? Prefix + path.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant());
    }

    /// <summary>Finds each part in the schema; a part that is not there stays as it is and is refused later, by its name.</summary>
    private static string Canonical(string[] parts)
    {
        SchemaNode? node = SettingsSchema.Root;
        var path = new List<string>(parts.Length);
        foreach (var part in parts)
        {
            node = node switch
            {
                SectionNode section => section.Children.FirstOrDefault(c => Bare(c.Name) == Bare(part)),
                ListNode list => list.Item,
                _ => null,
            };
            path.Add(node is { Name.Length: > 0 } && !part.All(char.IsAsciiDigit) ? node.Name : part);
        }
        return string.Join(':', path);
    }

    private static string Bare(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    // A Kubernetes service called "bucketproxy" puts such variables into every container of its namespace.
    [GeneratedRegex("^(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)$")]
    private static partial Regex KubernetesLink();
}
