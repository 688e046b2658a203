using System.Diagnostics;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.View;
using BucketProxy.GateBench.Cluster;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.SystemTest.Gates;
using BucketProxy.Testing.Processes;

namespace BucketProxy.GateBench.Moving;

/// <summary>Kills servers, or all that runs on a server's machine, and sees when their buckets open elsewhere.</summary>
internal sealed class Losses(GateScene scene, Action<string> tell)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan InFlight = TimeSpan.FromSeconds(1);
    private static readonly KeySchema Keys = new();

    /// <summary>Only the server dies. Its gate says so, and starts another.</summary>
    public async Task<IReadOnlyList<Loss>> KillServersAsync(int times) => await EachAsync(times, "kill -9 a server", async gate =>
    {
        var server = gate.Processes!.Value.Server;
        return await LoseAsync(gate, isClosedForLong: false, () => ChildProcess.SignalAsync("KILL", server));
    });

    /// <summary>Gate, fuse and server die, the gate first: nobody is left to say so.</summary>
    public async Task<IReadOnlyList<Loss>> LoseHostsAsync(int times) => await EachAsync(times, "kill -9 a gate, its fuse and its server", async gate =>
    {
        var (server, fuse) = gate.Processes!.Value;
        var loss = await LoseAsync(gate, isClosedForLong: true, async () =>
        {
            await gate.SignalAsync("KILL");
            await ChildProcess.SignalAsync("KILL", fuse);
            await ChildProcess.SignalAsync("KILL", server);
        });
        await gate.KillAsync();
        await gate.StartAsync();
        return loss;
    });

    private async Task<IReadOnlyList<Loss>> EachAsync(int times, string what, Func<GateProcess, Task<Loss>> lose)
    {
        var losses = new List<Loss>();
        for (var i = 0; i < times; i++)
        {
            var gate = scene.Cluster.Gates[i % scene.Cluster.Gates.Count];
            tell($"{what}: {i + 1} of {times}, {gate.Name}");
            losses.Add(await lose(gate));
            await scene.Cluster.RebalanceAsync();
        }
        return losses;
    }

    private async Task<Loss> LoseAsync(GateProcess gate, bool isClosedForLong, Func<Task> kill)
    {
        await Operator.UntilAsync($"{gate.Name} runs its server", Limit, () => Task.FromResult(gate.Processes is { Server: var server } && ServerDeaths.Lives(server)));
        var buckets = await OwnedAsync(gate.Name);
        List<string> bases = [.. scene.Bases.Where(uuid => buckets.Contains(BucketOf(uuid)))];
        if (bases.Count == 0)
            throw new InvalidOperationException($"{gate.Name} owns no base that could be lost");
        await using var probe = new Blackout(new Uri($"http://{scene.Cluster.Proxies[0].Authority}/api/v1/dtables/{bases[0]}/rows/?limit=1"));
        await Operator.UntilAsync($"{gate.Name} answers", Limit, () => Task.FromResult(probe.HasBegun));
        long killed, answered;
        // What was in flight to it is gone with it. A machine's loss may close its buckets for longer than requests are held, and those get 503.
        using (var excuse = scene.Outcomes.Excusing(authority: null, bases))
        {
            killed = Stopwatch.GetTimestamp();
            await kill();
            var dead = Stopwatch.GetTimestamp();
            if (!isClosedForLong)
            {
                await Task.Delay(InFlight, TimeProvider.System);
                excuse.Dispose();
            }
            await Operator.UntilAsync($"a base of {gate.Name} is answered again", Limit, () => Task.FromResult(probe.FirstAnswerTo(dead) is not null));
            answered = probe.FirstAnswerTo(dead)!.Value;
            await Operator.UntilAsync($"all buckets of {gate.Name} are open elsewhere", Limit, () => Task.FromResult(Opened(killed).Keys.ToHashSet().IsSupersetOf(buckets)));
        }
        var bucket = BucketOf(bases[0]);
        var grant = scene.Timeline.After(killed).FirstOrDefault(c => c.Key == Keys.Assignments + bucket && c.Entry is not null);
        if (grant?.Entry?.Text is not { } owner)
            throw new InvalidOperationException($"bucket {bucket} of {gate.Name} was answered again, but nobody was made its owner");
        var noticed = scene.Timeline.After(killed).FirstOrDefault(c => c.Key == Keys.Gate(gate.Name)
            && (c.Entry is not { } entry || RecordJson.Read<GateRecord>(entry.Value.Span) is { HasExited: true }));
        if (noticed is null || noticed.At > grant.At)
            throw new InvalidOperationException($"bucket {bucket} of {gate.Name} went to {owner} before its gate was gone, or had told of an exit");
        var opened = Opened(killed);
        var loss = new Loss(
            Since(noticed.At), Since(grant.At), Since(opened[bucket]), Since(answered), Since(buckets.Max(b => opened[b])), buckets.Count, owner != gate.Name);
        tell(FormattableString.Invariant($"  noticed {loss.Noticed:F2} s, granted {loss.Granted:F2} s, opened {loss.Opened:F2} s, answered {loss.Answered:F2} s; last of {loss.Buckets} buckets {loss.LastOpened:F2} s"));
        return loss;

        double Since(long at) => Stopwatch.GetElapsedTime(killed, at).TotalSeconds;
    }

    // A bucket opens when its move is deleted.
    private Dictionary<string, long> Opened(long since) => scene.Timeline.After(since)
        .Where(c => c.Entry is null && c.Key.StartsWith(Keys.Moves, StringComparison.Ordinal))
        .GroupBy(c => c.Key[Keys.Moves.Length..]).ToDictionary(g => g.Key, g => g.First().At);

    private async Task<HashSet<string>> OwnedAsync(string node) => [.. (await scene.Cluster.Operator.GetAsync("/api/buckets")).AsArray()
        .Where(b => (string?)b!["node"] == node).Select(b => (string)b!["bucket"]!)];

    private static string BucketOf(string uuid) => uuid[..2];
}
