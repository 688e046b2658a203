namespace BucketProxy.Testing.Processes;

/// <summary>The real nginx of this machine, as a child process.</summary>
public static class NginxShell
{
    /// <summary>What <see cref="Command"/> prints when it starts nginx.</summary>
    public const string Started = "nginx is started";

    // nginx's workers outlive a master that is killed: so whoever ends this shell, in whatever way, ends them in order.
    private const string Script = """
        echo "nginx is started"
        "$@" & nginx=$!
        ( tail --pid=$$ -s 0.2 -f /dev/null; kill -TERM $nginx ) >/dev/null 2>&1 & watcher=$!
        trap 'kill -TERM $nginx' TERM
        while kill -0 $nginx 2>/dev/null; do wait $nginx; done
        kill $watcher
        """;

    /// <summary>Where it is; null: nowhere. Debian keeps it where only root's path looks.</summary>
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
        .Select(folder => Path.Combine(folder, "nginx")).FirstOrDefault(File.Exists);

    /// <summary>The command that runs it in the foreground with the <c>nginx.conf</c> of a directory.</summary>
    public static IReadOnlyList<string> Command(string program, string directory) =>
        ["bash", "-c", Script, "bash", program, "-e", "stderr", "-p", directory, "-c", Path.Combine(directory, "nginx.conf"), "-g", "daemon off;"];
}
