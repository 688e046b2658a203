using System.Security.Cryptography;
using System.Text;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Rules;

namespace BucketProxy.Admin.Security;

/// <summary>
/// The admin token, kept as its hash: what is compared has one length whatever was sent, and nothing that prints this object
/// can print the token.
/// </summary>
internal sealed class AdminToken
{
    private readonly byte[] _hash;

    private AdminToken(string token) => _hash = Hash(token);

    /// <summary>The token that the settings ask for, or null: none is asked for.</summary>
    /// <exception cref="ArgumentException">The file's token is too short, or holds what a header cannot.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AdminToken? Of(AdminSettings settings)
    {
        if (SecretFile.Resolve(settings.Token, settings.TokenFile) is not { } token)
            return null;
        return SettingsRules.IsToken(token)
            ? new AdminToken(token)
            : throw new ArgumentException($"the token in the file is not allowed; allowed: at least {SettingsRules.MinTokenLength} characters, visible ASCII, no spaces.");
    }

    /// <summary>Whether <paramref name="offered"/> is the token. Takes as long when it is nearly right as when it is not.</summary>
    public bool Is(string offered) => CryptographicOperations.FixedTimeEquals(_hash, Hash(offered));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
