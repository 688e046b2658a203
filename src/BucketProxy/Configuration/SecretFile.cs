using System.Text;

namespace BucketProxy.Configuration;

/// <summary>A secret that stands in the settings or in a file of its own.</summary>
internal static class SecretFile
{
    /// <summary>The secret, or null where neither is given. A line end at the file's end is no part of it.</summary>
    public static string? Resolve(string? value, string? file) =>
        file is null ? value : File.ReadAllText(file, Encoding.UTF8).TrimEnd('\r', '\n');
}
