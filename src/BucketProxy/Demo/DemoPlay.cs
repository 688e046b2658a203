using System.Globalization;
using BucketProxy.Composition;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;

namespace BucketProxy.Demo;

/// <summary>What happens in the demonstration: a drain by order, then a death that nobody ordered.</summary>
internal sealed class DemoPlay(
    Instance instance, DemoNodes nodes, GatedServer gated, SampleTraffic traffic, DemoOrders orders, DemoScreen screen, bool once, TimeProvider time)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Plays it once, or until cancelled.</summary>
    /// <exception cref="DemoException">Something did not come to its end.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var turn = 1; ; turn++)
        {
            await Task.Delay(once ? Calm : Between, time, stop);
            await DrainAndReturnAsync(turn % nodes.Addresses.Count, stop);
            await Task.Delay(once ? Calm : Between, time, stop);
            await KillAsync(stop);
            if (once)
            {
                await Task.Delay(Calm, time, stop);
                return;
            }
        }
    }

    private async Task DrainAndReturnAsync(int index, CancellationToken stop)
    {
        var node = nodes.Addresses[index].Id;
        screen.Say($"draining {node}");
        await orders.DrainAsync(node, stop);
        await nodes.StopAsync(index);
        screen.Say($"{node} is empty and stopped");
        await Task.Delay(Away, time, stop);
        await nodes.StartAsync(index, stop);
        screen.Say($"{node} is back; spreading the buckets");
        await orders.BringBackAsync(node, stop);
        screen.Say("spread");
    }

    private async Task KillAsync(CancellationToken stop)
    {
        HashSet<Bucket> lost = [.. instance.Table.Table.Buckets.Where(b => b.Owner?.Id == gated.Id).Select(b => b.Bucket)];
        var (process, since) = (0, time.GetTimestamp());
        await traffic.KillingAsync(id => lost.Contains(id.Bucket), async () => process = await gated.KillAsync(instance.Gate!, stop));
        screen.Say($"kill -9 {process}, the process of {gated.Id}, with {lost.Count} buckets");
        await UntilAsync($"what {gated.Id} had is not open elsewhere", () => instance.Table.Table.Buckets.All(
            b => !lost.Contains(b.Bucket) || (b.State == EntryState.Open && b.Owner?.Id != gated.Id)), stop);
        screen.Say(string.Create(CultureInfo.InvariantCulture, $"they are open elsewhere after {time.GetElapsedTime(since).TotalSeconds:F1} s; its gate starts it again"));
        await UntilAsync($"{gated.Id} does not come up again", () => instance.Gate!.Agent.IsOpen, stop);
        screen.Say($"{gated.Id} is back; spreading the buckets");
        await orders.BringBackAsync(gated.Id, stop);
        screen.Say("spread");
    }

    private async Task UntilAsync(string otherwise, Func<bool> condition, CancellationToken stop)
    {
        var since = time.GetTimestamp();
        while (!condition())
        {
            if (time.GetElapsedTime(since) > Patience)
                throw new DemoException($"{otherwise} after {Patience.TotalSeconds} s.");
            await Task.Delay(Look, time, stop);
        }
    }
}
