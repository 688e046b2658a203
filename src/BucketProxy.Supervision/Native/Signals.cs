namespace BucketProxy.Supervision.Native;

/// <summary>Signals by name. Those that a program may take as the order to end; their numbers are the same on every architecture that .NET runs on.</summary>
internal static class Signals
{
    private static readonly Dictionary<string, int> Numbers = new(StringComparer.Ordinal)
    {
        ["SIGHUP"] = 1,
        ["SIGINT"] = 2,
        ["SIGQUIT"] = 3,
        ["SIGUSR1"] = 10,
        ["SIGUSR2"] = 12,
        ["SIGTERM"] = 15,
    };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => Numbers.Keys;

    /// <summary>The number of a name.</summary>
    public static int? Number(string name) =>
        Numbers.TryGetValue(name, out var number) ? number : null;
}
