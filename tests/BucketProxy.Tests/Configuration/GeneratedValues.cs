using System.Net;
using System.Text.RegularExpressions;
using BucketProxy.Configuration.Schema;
using BucketProxy.Configuration.Values;

namespace BucketProxy.Tests.Configuration;

/// <summary>Texts for settings of each type: what is allowed, what just is not, and what another reader would take for something else.</summary>
internal static partial class GeneratedValues
{
    private static readonly Dictionary<Type, string[]> Known = new()
    {
        [typeof(string)] =
        [
            "a", "dtable-server-01", "dtable-server-02", "/r", "/x", "/dtables", "/a//b", "/%41", "SIGINT", "", "x y", "\u2603", "a\u0001b", "a\nb", "\0", "../x", "/tmp", "/etc/hostname", "a,b", "a=b",
            "{node}", "etcd-01", "etcd-01:2379", "https://etcd", "http://u@h", "[::1]:2379", "\u00fc.example", "xn--", "a:0", "twelve-and-more", new string('y', 200),
        ],
        [typeof(bool)] = ["on", "off", "true", "FALSE", "yes", "no", "1", "maybe"],
        [typeof(int)] = ["0", "1", "7", "256", "1000000", "2147483647", "2147483648", "-1", "+5", " 8 ", "1e3", "0x10", "\u0663"],
        [typeof(double)] = ["0", "0.01", "1", "0.5", "1e-2", "NaN", "Infinity", "1e400", ".5", "5.", "-0"],
        [typeof(TimeSpan)] = ["0s", "500ms", "1s", "1.5s", "0.41s", "4.35s", "2.01ms", "10s", "25s", "2m", "1h", "7d", "1 s", "0.0003ms", "99999999999999d", "s", "5", "-1s", "1e3s"],
        [typeof(ByteSize)] = ["0B", "1B", "4KB", "64KB", "64 kb", "1MB", "2GB", "9223372036854775807B", "8589934592GB", "1.5MB", "KB"],
        [typeof(ListenAddress)] = ["5550", "*:0", "127.0.0.1:1", "[::1]:2", "localhost:3", "[fe80::1%2]:4", "[[::1]]:5", "[[::1]:7]:5", "1:6", "010.0.0.1:7", "*:65536", "[]:8", "[:8", "::1:9"],
        [typeof(IPNetwork)] = ["10.0.0.0/8", "fd00::/8", "0.0.0.0/0", "10.0.0.1/8", "10.0.0.0", "::/129"],
        [typeof(Uri)] =
        [
            "http://a", "https://a:1/x/", "http://[::1]:5000", "http://[fe80::1%2]:1", "http://127.0.0.1:5000", "http://\u00fc/", "http://xn--/", "http://\u2603:1", "HTTP://A", "http://a_b", "http://%41", "http://1",
            "http://a b", "http://a\\b", "http:\\\\a", "ftp://x", "http://", "http://a?b", "http://u:p@a", "/x", "http://a:99999", $"http://{new string('a', 70)}",
        ],
    };

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted { get; }

    /// <summary>A text for a setting of this type.</summary>
    /// <param name="node">The setting.</param>
    /// <param name="type">Its type; that of an item, for a list.</param>
    /// <param name="random">Decides.</param>
    public static string Next(ValueNode node, Type type, Random random)
    {
        var actual = Nullable.GetUnderlyingType(type) ?? type;
        string?[] some = [.. Texts(node, actual), node.Documentation?.Min, node.Documentation?.Max];
        string[] texts = [.. some.OfType<string>()];
        // Mostly what is allowed, as far as the type knows.
        string[] allowed = [.. texts.Where(t => node.Kind.Parse(t) is not null)];
        return random.Next(8) == 0 ? texts[random.Next(texts.Length)] : allowed[random.Next(allowed.Length)];
    }

    private static IEnumerable<string> Texts(ValueNode node, Type type) =>
        type.IsEnum ? Quoted.Matches(node.Kind.Allowed).Select(m => m.Groups[1].Value).SelectMany(n => new[] { n, n.ToUpperInvariant(), n + "x" }) : Known[type];
}
