using System.Globalization;
using System.Text.RegularExpressions;

namespace BucketProxy.EtcdTesting;

/// <summary>
/// A network of its own for etcd nodes: each in a network namespace, and a router between them and this process. Packets that the router
/// drops vanish without a word, as in a network that is down; a route of this process's own would tell it so.
/// <code>
///   this process (.1) ── router ──┬── etcd1 (.5)
///                                 ├── etcd2 (.9)
///                                 └── etcd3 (.13)
/// </code>
/// </summary>
/// <remarks>Needs root. Each link is a /30 of 10.231.N.0/24.</remarks>
public sealed partial class EtcdNetwork : IAsyncDisposable
{
    private static int _networks;

    private readonly string _name;
    private readonly string _subnet;
    private readonly List<string> _namespaces = [];

    private EtcdNetwork()
    {
        var number = Interlocked.Increment(ref _networks);
        _name = string.Create(CultureInfo.InvariantCulture, $"bp{Environment.ProcessId}-{number}");
        _subnet = string.Create(CultureInfo.InvariantCulture, $"10.231.{(Environment.ProcessId + number) % 256}");
    }

    private string Router => _name + "r";

    private string Proxy => _subnet + ".1";

    /// <summary>Makes it.</summary>
    public static async Task<EtcdNetwork> CreateAsync(int nodes)
    {
        await RemoveLeftOversAsync().ConfigureAwait(false);
        var network = new EtcdNetwork();
        try
        {
            await network.BuildAsync(nodes).ConfigureAwait(false);
            return network;
        }
        catch
        {
            await network.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Where a node is, and how to run a command there. The first is 1.</summary>
    public (string Address, IReadOnlyList<string> Prefix) Place(int node) =>
        (Address(node), ["ip", "netns", "exec", Node(node)]);

    /// <summary>Drops what this process sends.</summary>
    public Task CutRequestsAsync() => RouterAsync("rule", "add", "blackhole", "from", Proxy);

    /// <summary>Drops what is sent to this process.</summary>
    public Task CutAnswersAsync() => RouterAsync("rule", "add", "blackhole", "to", Proxy);

    /// <summary>Drops what the node sends to the other nodes and what they send to it; this process still reaches it.</summary>
    public async Task IsolateAsync(int node)
    {
        await RouterAsync("rule", "add", "blackhole", "from", Address(node), "to", $"{_subnet}.4/30").ConfigureAwait(false);
        await RouterAsync("rule", "add", "blackhole", "from", Address(node), "to", $"{_subnet}.8/29").ConfigureAwait(false);
        await RouterAsync("rule", "add", "blackhole", "to", Address(node), "from", $"{_subnet}.4/30").ConfigureAwait(false);
        await RouterAsync("rule", "add", "blackhole", "to", Address(node), "from", $"{_subnet}.8/29").ConfigureAwait(false);
    }

    /// <summary>Everything comes through again.</summary>
    public async Task HealAsync()
    {
        var rules = await RouterAsync("rule").ConfigureAwait(false);
        foreach (var rule in rules.Split('\n').Where(line => line.Contains("blackhole", StringComparison.Ordinal)))
            await RouterAsync("rule", "del", "pref", rule.Split(':')[0]).ConfigureAwait(false);
    }

    /// <summary>Runs a command where a node is: there it reaches etcd also when this process does not.</summary>
    public Task<string> RunAtAsync(int node, params IReadOnlyList<string> command) =>
        Command.RunAsync("ip", ["netns", "exec", Node(node), .. command]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in _namespaces)
            await Command.RunAsync("ip", "netns", "del", name).ConfigureAwait(false);
        _namespaces.Clear();
    }

    /// <summary>Removes what test processes left behind that were killed.</summary>
    private static async Task RemoveLeftOversAsync()
    {
        foreach (var line in (await Command.RunAsync("ip", "netns", "list").ConfigureAwait(false)).Split('\n'))
        {
            var name = line.Split(' ')[0];
            if (LeftOver().Match(name) is { Success: true } match && !Directory.Exists($"/proc/{match.Groups[1].Value}"))
                await Command.RunAsync("ip", "netns", "del", name).ConfigureAwait(false);
        }
    }

    [GeneratedRegex(@"^bp(\d+)-\d+(r|n\d)$")]
    private static partial Regex LeftOver();

    private string Node(int node) => string.Create(CultureInfo.InvariantCulture, $"{_name}n{node}");

    private string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"{_subnet}.{(4 * node) + 1}");

    private string Gateway(int node) => string.Create(CultureInfo.InvariantCulture, $"{_subnet}.{(4 * node) + 2}");

    private async Task BuildAsync(int nodes)
    {
        await NamespaceAsync(Router).ConfigureAwait(false);
        await Command.RunAsync("ip", "netns", "exec", Router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward").ConfigureAwait(false);
        // Device names have 15 characters at most.
        var root = $"{_name}v";
        await Command.RunAsync("ip", "link", "add", root, "type", "veth", "peer", "name", "proxy", "netns", Router).ConfigureAwait(false);
        await Command.RunAsync("ip", "addr", "add", $"{Proxy}/30", "dev", root).ConfigureAwait(false);
        await Command.RunAsync("ip", "link", "set", root, "up").ConfigureAwait(false);
        await RouterAsync("addr", "add", $"{_subnet}.2/30", "dev", "proxy").ConfigureAwait(false);
        await RouterAsync("link", "set", "proxy", "up").ConfigureAwait(false);
        await Command.RunAsync("ip", "route", "add", $"{_subnet}.0/24", "via", $"{_subnet}.2").ConfigureAwait(false);
        for (var node = 1; node <= nodes; node++)
        {
            var name = Node(node);
            await NamespaceAsync(name).ConfigureAwait(false);
            await RouterAsync("link", "add", $"node{node}", "type", "veth", "peer", "name", "eth0", "netns", name).ConfigureAwait(false);
            await RouterAsync("addr", "add", $"{Gateway(node)}/30", "dev", $"node{node}").ConfigureAwait(false);
            await RouterAsync("link", "set", $"node{node}", "up").ConfigureAwait(false);
            foreach (var arguments in (string[][])[["addr", "add", $"{Address(node)}/30", "dev", "eth0"], ["link", "set", "eth0", "up"], ["link", "set", "lo", "up"], ["route", "add", "default", "via", Gateway(node)]])
                await Command.RunAsync("ip", ["-n", name, .. arguments]).ConfigureAwait(false);
        }
    }

    private async Task NamespaceAsync(string name)
    {
        await Command.RunAsync("ip", "netns", "add", name).ConfigureAwait(false);
        _namespaces.Add(name);
    }

    private Task<string> RouterAsync(params IReadOnlyList<string> arguments) => Command.RunAsync("ip", ["-n", Router, .. arguments]);
}
