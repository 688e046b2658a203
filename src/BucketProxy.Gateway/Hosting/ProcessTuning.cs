using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// Settings of the runtime's sockets that can only be given to the whole process, and only before its first socket.
/// </summary>
public static class ProcessTuning
{
    private static readonly (string Name, string Value)[] Fast =
    [
        // Completions run on the thread that polls the sockets: no hand-over to the thread pool per read and write.
        ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"),
    ];

    /// <summary>
    /// Call it first thing in the program. What the user's environment says already stays. From then on nothing that blocks may run in
    /// a continuation of a socket operation, in the whole process.
    /// </summary>
    public static void Apply(GatewayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!options.InlineScheduling)
            return;
        foreach (var (name, value) in Fast)
        {
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
                Environment.SetEnvironmentVariable(name, value);
        }
    }
}
