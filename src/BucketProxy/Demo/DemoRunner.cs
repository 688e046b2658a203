using System.Collections;
using System.Globalization;
using BucketProxy.Composition;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Core.Routing;
using BucketProxy.Emulator.Checking;
using Spectre.Console;

namespace BucketProxy.Demo;

/// <summary>
/// The whole product in one process: proxy, monitor and gate on the embedded store, three emulated dtable-servers, clients. A node is
/// drained, stopped, started and filled again under load; the one behind the gate, a process of its own, is killed. A checker judges by the nodes' own
/// journals what became of it.
/// </summary>
internal sealed class DemoRunner(DemoOptions options, IAnsiConsole console, TimeProvider time, IDictionary variables)
{
    /// <summary>Runs it.</summary>
    /// <returns>0: nothing failed, nothing was misrouted or lost. 1: something was, or the demonstration could not go on.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("bucketproxy-demo-");
        try
        {
            return await RunAsync(directory.FullName, cancellationToken);
        }
        catch (DemoException e)
        {
            Line(e.Message);
            return 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<int> RunAsync(string directory, CancellationToken cancellationToken)
    {
        var owners = new OwnershipHistory();
        // What the witness's watch may lag behind the change; a wrong node at any other time is found.
        using var journal = new JudgedJournal(owners, TimeSpan.FromMilliseconds(250), Path.Combine(directory, "kept.jsonl"));
        await using var nodes = new DemoNodes(DemoSettings.Nodes, directory, journal, time);
        await nodes.StartAsync(cancellationToken);
        using var gated = new GatedServer(DemoSettings.GatedNode, nodes.Storage, directory, time);
        var bases = new SampleBases(options.Bases, seed: 1);
        using var watching = new CancellationTokenSource();
        OwnerWitness witness;
        TrafficCount count;
        IReadOnlyList<AcknowledgedRow> acknowledged;
        IReadOnlyList<string> failures;
        await using (var hosted = await InstanceHost.StartAsync(InstanceHost.Create(Settings(directory, nodes, gated), time, variables), cancellationToken))
        {
            var instance = hosted.Instance;
            witness = new OwnerWitness(instance.Mirror, owners, time);
            var witnessing = witness.RunAsync(watching.Token);
            await UntilRoutedAsync(instance, cancellationToken);
            var (data, admin) = (Loopback(instance.Proxy!.Host.Addresses[0]), Loopback(instance.Admin.Addresses[0]));
            Introduce(nodes, gated, data, admin);

            using var traffic = new SampleTraffic(data, bases, time);
            using var orders = new DemoOrders(admin, options.Settings.Admin.ToAdminToken(), time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var running = traffic.RunAsync(ending.Token);
            var screen = new DemoScreen(console, time, () => LineAsync(instance, nodes, gated, traffic, witness));
            var play = new DemoPlay(instance, nodes, gated, traffic, orders, screen, options.Once, time);
            var showing = screen.RunAsync(ending.Token);
            try
            {
                await play.RunAsync(ending.Token);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Stopped by hand: judged all the same.
            }
            finally
            {
                await ending.CancelAsync();
                await running;
                await showing;
            }
            count = traffic.Count;
            acknowledged = traffic.Acknowledged;
            failures = traffic.Failures;
            await watching.CancelAsync();
            await witnessing;
        }
        await nodes.DisposeAsync();
        gated.CopyJournalTo(journal);
        return Judge(nodes, gated, journal, witness, count, acknowledged, failures);
    }

    private BucketProxySettings Settings(string directory, DemoNodes nodes, GatedServer gated) => options.Settings with
    {
        DataDirectory = Path.Combine(directory, "data"),
        Nodes = [.. options.Settings.Nodes.Zip(nodes.Addresses, (node, at) => node with { LocalNodeUrl = at.Url })],
        Gate = gated.Settings(options.Settings.Gate),
    };

    private async Task UntilRoutedAsync(Instance instance, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (instance.Table.Table.Buckets.Any(b => b.State != EntryState.Open))
        {
            if (time.GetElapsedTime(since) > TimeSpan.FromSeconds(30))
                throw new DemoException("Not every bucket has an owner after 30 s.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
    }

    private void Introduce(DemoNodes nodes, GatedServer gated, Uri data, Uri admin)
    {
        Line($"proxy      {data}   try: curl {data}ping/");
        Line($"operators  {admin}   try: curl {admin}api/status");
        foreach (var (id, url) in nodes.Addresses)
            Line($"node       {url}   {id}");
        Line($"gate       {gated.Url}   {gated.Id}, a process of its own, which the gate runs");
    }

    private static async Task<DemoLine> LineAsync(Instance instance, DemoNodes nodes, GatedServer gated, SampleTraffic traffic, OwnerWitness witness)
    {
        var table = instance.Table.Table;
        List<(int, int, long)?> loads = [.. nodes.Load, await gated.LoadAsync()];
        var owned = nodes.Addresses.Select(n => n.Id).Append(gated.Id).Select(id => table.Buckets.Count(b => b.Owner?.Id == id));
        return new DemoLine(
            traffic.Count, [.. loads.Zip(owned, (load, buckets) => (load, buckets))],
            table.Buckets.Count(b => b.State == EntryState.Moving), witness.Moved);
    }

    private int Judge(
        DemoNodes nodes, GatedServer gated, JudgedJournal journal, OwnerWitness witness, TrafficCount count, IReadOnlyList<AcknowledgedRow> acknowledged, IReadOnlyList<string> failures)
    {
        var report = OwnershipChecker.Check(new OwnershipCheck
        {
            Journal = journal.Read(),
            Exits = gated.Exits,
            StorageDirectory = nodes.Storage,
            Acknowledged = acknowledged,
        });
        var (judged, foreign) = journal.JudgeAll();
        report = report with { ForeignServes = foreign };
        foreach (var failure in failures)
            Line($"failed: {failure}");
        if (!report.IsClean)
            Line(report.ToString());
        var split = report.DoubleOpens.Count + report.ForeignSaves.Count;
        Line(string.Create(CultureInfo.InvariantCulture,
            $"rows: {report.RowsJudged + count.Deleted} acknowledged, {report.Lost} lost, {report.Doubled} doubled; {judged} requests judged by the nodes' journals"));
        Line(string.Create(CultureInfo.InvariantCulture,
            $"killed: {gated.Exits.Count}; {count.Cut} requests and websockets were with it and failed with it"));
        Line(string.Create(CultureInfo.InvariantCulture,
            $"demo: {count.Requests} requests, {count.Failed} failed, {report.ForeignServes.Count} misrouted, {report.Lost} lost, {split} split, {count.Bases} bases, {witness.Moved} moved"));
        return report.IsClean && count.Failed == 0 && count.Requests > 0 && judged > 0 && witness.Moved > 0 && (!options.Once || gated.Exits.Count > 0) ? 0 : 1;
    }

    private void Line(string line) => console.Profile.Out.Writer.WriteLine(line);

    private static Uri Loopback(string address) => new(address.TrimEnd('/') + "/");
}
