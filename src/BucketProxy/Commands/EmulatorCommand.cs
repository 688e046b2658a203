using System.CommandLine;
using System.Globalization;
using System.Net;
using BucketProxy.Cluster.Etcd;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Configuration.Values;
using BucketProxy.Emulator;
using BucketProxy.Emulator.Membership;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Etcd;

namespace BucketProxy.Commands;

/// <summary><c>emulator</c>: one stateful dtable-server stand-in in a process of its own, until it is told to stop.</summary>
internal static class EmulatorCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var id = new Option<string>("--id") { Description = "The node id, for example dtable-server-01.", HelpName = "ID", Required = true };
        var port = new Option<int>("--port") { Description = "The port to listen on; 0 takes a free one.", HelpName = "PORT" };
        var address = new Option<string>("--address") { Description = "The IP address to listen on.", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
        var storage = new Option<string>("--storage") { Description = "The folder that all nodes share; one file for each base.", HelpName = "DIR", Required = true };
        var flush = new Option<double>("--flush-seconds")
        {
            Description = "How often changed bases are saved. dtable-server's own value is 300.",
            HelpName = "N",
            DefaultValueFactory = _ => 300,
        };
        var journal = new Option<string?>("--journal") { Description = "A file that every load, serve, flush and unload is written to, one JSON object a line.", HelpName = "FILE" };
        var etcd = new Option<string?>("--etcd") { Description = "Take part in a cluster: register in this etcd (with commas), follow assign-xx, give up what others are granted.", HelpName = "HOSTS" };
        var prefix = new Option<string>("--key-prefix") { Description = "With --etcd: what stands in front of every key.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var lease = new Option<double>("--lease-seconds")
        {
            Description = "With --etcd: how long the registration outlives the node's death. dtable-server's own value is 90.",
            HelpName = "N",
            DefaultValueFactory = _ => 90,
        };
        var keep = new Option<bool>("--keep-what-is-lost") { Description = "With --etcd: give nothing up. The node then overwrites what the new owner saves: for tests that must see data lost." };
        var zombie = new Option<bool>("--zombie") { Description = "Do not stop when told to: go on serving, and save everything in memory at each flush, changed or not. For tests of what must kill such a server." };
        var command = new DescribedCommand(
            "emulator",
            "Run a stand-in for a dtable-server: it keeps bases in memory and saves them late, so that it can lose data as the real one can.",
            "emulator --id dtable-server-01 --port 5001 --storage /tmp/bases",
            "emulator --id dtable-server-02 --port 5002 --storage /tmp/bases --flush-seconds 5 --journal /tmp/02.jsonl",
            "emulator --id dtable-server-03 --port 5003 --storage /tmp/bases --etcd etcd-01:2379,etcd-02:2379")
        {
            id, port, address, storage, flush, journal, etcd, prefix, lease, keep, zombie,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            using var loggers = LoggerFactory.Create(builder => builder
                .AddSimpleConsole(console => console.SingleLine = true)
                // Kestrel's own lines, two for each request.
                .AddFilter("Microsoft", LogLevel.Warning));
            EmulatorOptions options;
            EtcdClientOptions? cluster;
            MembershipOptions membership;
            try
            {
                options = new EmulatorOptions
                {
                    Id = parsed.GetRequiredValue(id),
                    Port = parsed.GetValue(port),
                    Address = IPAddress.TryParse(parsed.GetValue(address), out var ip)
                        ? ip
                        : throw new ArgumentException($"--address '{parsed.GetValue(address)}' is no IP address."),
                    StorageDirectory = Path.GetFullPath(parsed.GetRequiredValue(storage)),
                    FlushInterval = TimeSpan.FromSeconds(parsed.GetValue(flush)),
                    JournalPath = parsed.GetValue(journal),
                    SavesUnchanged = parsed.GetValue(zombie),
                };
                options.Validate();
                cluster = parsed.GetValue(etcd) is { } hosts
                    ? EtcdClientOptions.ForEndpoints(hosts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                    : null;
                cluster?.Validate();
                membership = new MembershipOptions { Keys = new KeySchema(parsed.GetValue(prefix) ?? ""), LeaseTime = TimeSpan.FromSeconds(parsed.GetValue(lease)), FollowAssignments = !parsed.GetValue(keep) };
                membership.Validate();
            }
            catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
            {
                await environment.Error.WriteLineAsync(e.Message);
                return ExitCode.Usage;
            }
            return await RunAsync(options, cluster, membership, loggers, environment, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        EmulatorOptions options, EtcdClientOptions? etcd, MembershipOptions membership, ILoggerFactory loggers, CommandEnvironment environment,
        CancellationToken cancel)
    {
        try
        {
            // Disposed of in the reverse order: the registration outlives the last save.
            await using var store = etcd is null ? null : new EtcdStore(etcd, environment.Time, loggers.CreateLogger<EtcdStore>());
            await using var node = new EmulatedNode(options, environment.Time, journal: null, loggers);
            await node.StartAsync(cancel);
            await using var part = store is null ? null : new ClusterMembership(node, store, membership, environment.Time, loggers);
            if (part is not null)
                await part.StartAsync(cancel);
            // Scripts wait for this line and read the port from it.
            environment.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{node.Id} listens on {node.Url}, bases in {options.StorageDirectory}, saved every {Duration.Format(options.FlushInterval)}{(store is null ? "" : $", registered in {store.Description}")}."));
            await UntilAsync(cancel);
            if (options.SavesUnchanged)
            {
                environment.WriteLine($"{node.Id} was told to stop, and does not.");
                await Task.Delay(Timeout.InfiniteTimeSpan, environment.Time, CancellationToken.None);
            }
            // As the real one on SIGTERM: requests finish, everything is saved.
            await node.StopAsync(CancellationToken.None);
            environment.WriteLine($"{node.Id} has saved everything and stopped.");
            return ExitCode.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreException)
        {
            await environment.Error.WriteLineAsync($"{options.Id}: {e.Message}");
            return ExitCode.Failed;
        }
    }

    private static async Task UntilAsync(CancellationToken cancel)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancel.Register(told.SetResult);
        await told.Task;
    }
}
