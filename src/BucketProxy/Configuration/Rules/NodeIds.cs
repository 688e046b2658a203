using BucketProxy.Core.Nodes;

namespace BucketProxy.Configuration.Rules;

/// <summary>What a dtable-server may be called.</summary>
internal static class NodeIds
{
    /// <summary>Ends an error about one.</summary>
    public const string Allowed = $"is not allowed; allowed: '{NodeRecord.IdPrefix}' and at least one of: letters, digits, '-', '_', '.'.";

    /// <summary>Whether SeaTable's programs find it.</summary>
    public static bool IsAllowed(string id) =>
        id.Length > NodeRecord.IdPrefix.Length && id.StartsWith(NodeRecord.IdPrefix, StringComparison.Ordinal) && id.All(IsNameCharacter);

    /// <summary>What names may be made of.</summary>
    public static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
