using System.Text;
using System.Text.RegularExpressions;

namespace BucketProxy.Gateway.Telemetry.Requests;

/// <summary>A request target without what must not be in a log: values of parameters that are named like secrets, whatever looks like
/// a JWT, and user names with passwords.</summary>
internal static partial class SecretFreeTarget
{
    private const string Hidden = "***";

    // sid: whoever knows it can go on with another client's Engine.IO session.
    private static readonly string[] ExactNames = ["sid", "key", "sig", "auth", "code", "state"];

    private static readonly string[] PartsOfNames =
        ["token", "secret", "passw", "pwd", "jwt", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "authorization", "signature", "credential", "session", "cookie"];

    public static string Of(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        // Absolute form: http://user:password@host/
        path = UserInfo().Replace(path, "$1" + Hidden + "@");
        path = Jwt().Replace(path, Hidden);
        return question < 0 ? path : path + Query(target.AsSpan(question));
    }

    private static string Query(ReadOnlySpan<char> query)
    {
        var clean = new StringBuilder(query.Length);
        while (!query.IsEmpty)
        {
            // The first character is what stands in front of the parameter. Some servers take ; for &.
            clean.Append(query[0]);
            query = query[1..];
            var end = query.IndexOfAny("&;?#");
            var parameter = end < 0 ? query : query[..end];
            var equals = parameter.IndexOf('=');
            if (equals < 0)
                clean.Append(Jwt().Replace(parameter.ToString(), Hidden));
            else if (IsSecret(parameter[..equals]))
                clean.Append(parameter[..(equals + 1)]).Append(Hidden);
            else
                clean.Append(parameter[..(equals + 1)]).Append(Jwt().Replace(parameter[(equals + 1)..].ToString(), Hidden));
            query = end < 0 ? default : query[end..];
        }
        return clean.ToString();
    }

    private static bool IsSecret(ReadOnlySpan<char> name)
    {
        // As a server would read it: %74oken is token. Twice, for one that decodes twice.
        var decoded = Uri.UnescapeDataString(Uri.UnescapeDataString(name.ToString().Replace('+', ' '))).Trim();
        return ExactNames.Contains(decoded, StringComparer.OrdinalIgnoreCase)
            || PartsOfNames.Any(p => decoded.Contains(p, StringComparison.OrdinalIgnoreCase));
    }

    // Three parts of base64url, the first of which begins like a JSON object.
    [GeneratedRegex(@"eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]*)?")]
    private static partial Regex Jwt();

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9+.\-]*://)[^/@]*@")]
    private static partial Regex UserInfo();
}
