using System.CommandLine;
using BucketProxy.Admin.Contract;

namespace BucketProxy.Commands.Client;

/// <summary>Orders that are taken at once: cordon, pin, freeze and the like.</summary>
internal static class OrderCommands
{
    public static IEnumerable<Command> All(CommandEnvironment environment)
    {
        var force = new Option<bool>("--force") { Description = "Also where no silence or release can be had. What was not saved is lost." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what it would cost, or why it would be refused; order nothing." };
        var drain = ForNode(environment, "drain", "Give all buckets of a server away.", "drain", (force, "force"), (dryRun, "dry_run"));
        yield return drain;
        yield return ForNode(environment, "cordon", "Give a server no further buckets.", "cordon");
        yield return ForNode(environment, "uncordon", "Take back a cordon or a drain.", "uncordon");
        yield return ForNode(environment, "gone", "Your word that a server's earlier process is gone, where nothing else proves it.", "gone");
        yield return Weight(environment);
        yield return Pin(environment);
        yield return Unpin(environment);
        yield return Freeze(environment);
        yield return Simple(environment, "unfreeze", "Let owners change again.", "/api/unfreeze");
        yield return Forget(environment);
        yield return Simple(environment, "accept-store", "Your word that the store as it is now is the right one, after a restored backup.", "/api/store/accept");
    }

    private static Command ForNode(CommandEnvironment environment, string name, string description, string verb, params (Option<bool> Flag, string Parameter)[] flags)
    {
        var node = NodeArgument();
        var command = new DescribedCommand(name, description, $"{name} dtable-server-02") { node };
        foreach (var (flag, _) in flags)
            command.Add(flag);
        return ClientFlags.Add(command, environment, (call, cancel) =>
        {
            var query = string.Join('&', flags.Where(f => call.Parsed.GetValue(f.Flag)).Select(f => f.Parameter + "=true"));
            return OrderAsync(call, HttpMethod.Post, $"/api/nodes/{Escape(call.Parsed.GetRequiredValue(node))}/{verb}{(query.Length > 0 ? "?" + query : "")}", null, cancel);
        });
    }

    private static Command Weight(CommandEnvironment environment)
    {
        var node = NodeArgument();
        var weight = new Argument<double>("WEIGHT") { Description = "Above 0, up to 100; 1 is the usual share." };
        return ClientFlags.Add(
            new DescribedCommand("weight", "Set a server's share of the buckets, relative to the others'.", "weight dtable-server-02 2") { node, weight },
            environment,
            (call, cancel) => OrderAsync(call, HttpMethod.Put, $"/api/nodes/{Escape(call.Parsed.GetRequiredValue(node))}/weight", new WeightOrder(call.Parsed.GetValue(weight)), cancel));
    }

    private static Command Pin(CommandEnvironment environment)
    {
        var pin = PinArgument();
        var node = NodeArgument();
        return ClientFlags.Add(
            new DescribedCommand("pin", "Let a given server own a base, or the bases under a prefix.", "pin ff84e1a1-66e2 dtable-server-02") { pin, node },
            environment,
            (call, cancel) => OrderAsync(call, HttpMethod.Put, $"/api/pins/{Escape(call.Parsed.GetRequiredValue(pin))}", new PinOrder(call.Parsed.GetRequiredValue(node)), cancel));
    }

    private static Command Unpin(CommandEnvironment environment)
    {
        var pin = PinArgument();
        return ClientFlags.Add(new DescribedCommand("unpin", "Take a pin back.", "unpin ff84e1a1-66e2") { pin }, environment,
            (call, cancel) => OrderAsync(call, HttpMethod.Delete, $"/api/pins/{Escape(call.Parsed.GetRequiredValue(pin))}", null, cancel));
    }

    private static Command Freeze(CommandEnvironment environment)
    {
        var reason = new Argument<string?>("REASON") { Description = "Why, for people.", Arity = ArgumentArity.ZeroOrOne };
        return ClientFlags.Add(new DescribedCommand("freeze", "Let nothing change owner until it is lifted.", "freeze", "freeze maintenance") { reason }, environment,
            (call, cancel) => OrderAsync(call, HttpMethod.Post, "/api/freeze", new FreezeOrder(call.Parsed.GetValue(reason)), cancel));
    }

    private static Command Forget(CommandEnvironment environment)
    {
        var proxy = new Argument<string>("PROXY") { Description = "Its instance, as in bucketproxy status." };
        return ClientFlags.Add(
            new DescribedCommand("forget", "Your word that a lost proxy is gone for good: moves no longer wait for it.", "forget proxy-1-0a1b2c3d") { proxy },
            environment,
            (call, cancel) => OrderAsync(call, HttpMethod.Post, $"/api/proxies/{Escape(call.Parsed.GetRequiredValue(proxy))}/forget", null, cancel));
    }

    private static Command Simple(CommandEnvironment environment, string name, string description, string path) => ClientFlags.Add(
        new DescribedCommand(name, description, name), environment, (call, cancel) => OrderAsync(call, HttpMethod.Post, path, null, cancel));

    private static async Task<int> OrderAsync(ClientCall call, HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        var text = await call.Admin.OrderAsync(method, path, body, cancel);
        var taken = AdminConnection.Read<OrderTaken>(text);
        call.Environment.WriteLine(call.Json ? text : $"{(taken.DryRun ? "Not ordered" : "Ordered")}: {taken.Ordered}.");
        return ExitCode.Done;
    }

    private static Argument<string> NodeArgument() => new("NODE") { Description = "The node id, as in bucketproxy nodes." };

    private static Argument<string> PinArgument() => new("BASE") { Description = "A whole UUID, or its first 8 or more hex digits." };

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
