namespace BucketProxy.LoadBench.Proxies;

/// <summary>Who is compared: programs that are always there, and what a command line adds.</summary>
internal static class Contenders
{
    public static IReadOnlyList<IProxyKind> Usual { get; } =
    [
        new NginxProxy("nginx-as-run", "nginx as it is run", "nginx-as-run.conf"),
        new NginxProxy("nginx-lean", "nginx, lean", "nginx-lean.conf"),
        new HaProxy(),
        new PlainYarp(),
        new PlainYarp(isDirect: true),
        new BucketProxyKind(),
    ];

    /// <summary>Another build of this program, with the settings of our own.</summary>
    /// <param name="text">NAME=PATH.</param>
    /// <exception cref="ArgumentException">It is not so, or nothing is there.</exception>
    public static BucketProxyKind Build(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
            throw new ArgumentException($"'{text}' is not allowed; allowed: NAME=PATH, for example earlier=../earlier/src/BucketProxy/bin/Release/net10.0/bucketproxy.dll.");
        var file = Path.GetFullPath(text[(at + 1)..]);
        return File.Exists(file)
            ? new BucketProxyKind { Key = text[..at], Name = $"BucketProxy, {text[..at]}", Standing = Measuring.Standing.Sibling, Build = new BucketProxyBuild(file) }
            : throw new ArgumentException($"{file} is no file; it is to be a built bucketproxy.dll.");
    }

    /// <summary>This build, with one setting.</summary>
    /// <param name="text">KEY=VALUE, as <c>serve --set</c> takes it.</param>
    /// <exception cref="ArgumentException">It is not so.</exception>
    public static BucketProxyKind Set(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) > 0
            ? new BucketProxyKind { Key = text, Name = $"BucketProxy, {text}", Standing = Measuring.Standing.Sibling, Flags = ["--set", text] }
            : throw new ArgumentException($"'{text}' is not allowed; allowed: KEY=VALUE, for example data.forwarder=yarp.");
}
