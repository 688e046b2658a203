using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace BucketProxy.Gateway.RequestLogging;

/// <summary>A request target without what must not be in a log: values of parameters that are named like secrets, whatever looks like
/// a JWT, and user names with passwords.</summary>
internal static partial class SecretFreeTarget
{
    private const string Hidden = "***";
    private const string JwtStart = "eyJ";

    // sid: whoever knows it can go on with another client's Engine.IO session.
    private static readonly string[] ExactNames = ["sid", "key", "sig", "auth", "code", "state"];

    private static readonly SearchValues<string> PartsOfNames = SearchValues.Create(
        ["token", "secret", "passw", "pwd", "jwt", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "authorization", "signature", "credential", "session", "cookie"],
        StringComparison.OrdinalIgnoreCase);

    public static string Of(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        // Absolute form: http://user:password@host/
        if (!path.StartsWith('/'))
            path = UserInfo().Replace(path, "$1" + Hidden + "@");
        path = WithoutJwt(path);
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
                clean.Append(WithoutJwt(parameter.ToString()));
            else if (IsSecret(parameter[..equals]))
                clean.Append(parameter[..(equals + 1)]).Append(Hidden);
            else
                clean.Append(parameter[..(equals + 1)]).Append(WithoutJwt(parameter[(equals + 1)..].ToString()));
            query = end < 0 ? default : query[end..];
        }
        return clean.ToString();
    }

    private static bool IsSecret(ReadOnlySpan<char> name)
    {
        // As a server would read it: %74oken is token. Twice, for one that decodes twice.
        if (name.IndexOfAny('%', '+') >= 0)
            name = Uri.UnescapeDataString(Uri.UnescapeDataString(name.ToString().Replace('+', ' '))).AsSpan().Trim();
        foreach (var exact in ExactNames)
        {
            if (name.Equals(exact, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return name.ContainsAny(PartsOfNames);
    }

    private static string WithoutJwt(string text) =>
        text.Contains(JwtStart, StringComparison.Ordinal) ? Jwt().Replace(text, Hidden) : text;

    // Three parts of base64url, the first of which begins like a JSON object.
    [GeneratedRegex(@"eyJ[A-Za-z0-9_\-]{5,}\.[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]*)?")]
    private static partial Regex Jwt();

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9+.\-]*://)[^/@]*@")]
    private static partial Regex UserInfo();
}
