using System.Security.Cryptography;
using System.Text;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;

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
    /// <inheritdoc cref="SettingsMapping.ToAdminToken" path="/exception"/>
    public static AdminToken? Of(AdminSettings settings) => settings.ToAdminToken() is { } token ? new AdminToken(token) : null;

    /// <summary>Whether <paramref name="offered"/> is the token. Takes as long when it is nearly right as when it is not.</summary>
    public bool Is(string offered) => CryptographicOperations.FixedTimeEquals(_hash, Hash(offered));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
