using BucketProxy.Core.Planning;

namespace BucketProxy.Core.Tests.Planning;

public sealed class LoadBalanceTests
{
    // The search leaves out what cannot be the best; this looks at everything.
    [Fact]
    public void Even_AnyInput_SameStepsAsTryingEveryPair()
    {
        var moves = 0;
        for (var seed = 0; seed < 600; seed++)
        {
            var work = Random(seed);
            var expected = work.Copy();
            var limits = new PlannerLimits { LoadSamples = 1, SmallestGain = seed % 3 == 0 ? 0 : 0.001 };
            EveryPair(expected, limits, budget: 12);

            LoadBalance.Even(work, limits, budget: 12);

            Assert.True(expected.Moves.SequenceEqual(work.Moves), $"seed {seed}: {string.Join(' ', expected.Moves)} became {string.Join(' ', work.Moves)}");
            moves += work.Moves.Count;
        }
        Assert.InRange(moves, 1000, int.MaxValue);
    }

    private static Workspace Random(int seed)
    {
        var random = new Random(seed);
        var nodes = random.Next(2, 9);
        var buckets = random.Next(8, 80);
        // Few different loads make many ties.
        var most = random.Next(2, 400);
        double[] load = [.. Enumerable.Range(0, buckets).Select(_ => Math.Floor(Math.Pow(random.NextDouble(), 4) * most))];
        return new Workspace
        {
            Nodes =
            [
                .. Enumerable.Range(0, nodes).Select(n => new WorkNode(
                    random.Next(4) == 0 ? 2 : 1, int.MaxValue, Takes: random.Next(8) > 0, Drains: false, Suspect: false,
                    CanRelease: random.Next(8) > 0, Rendezvous.HashOf($"dtable-server-{n:00}"))),
            ],
            Owner = [.. Enumerable.Range(0, buckets).Select(b => random.Next(20) == 0 ? Workspace.Nobody : random.Next(3) == 0 ? random.Next(nodes) : b % nodes)],
            Busy = [.. load.Select(_ => random.Next(15) == 0)],
            Resting = [.. load.Select(_ => random.Next(15) == 0)],
            Samples = [load],
            Load = load,
            Sockets = [.. load.Select(_ => random.Next(3) * 400)],
            Forbidden = [.. Enumerable.Range(0, random.Next(20)).Select(_ => (random.Next(buckets), random.Next(nodes)))],
        };
    }

    /// <summary>The same rules without leaving anything out: the best gain per cost off the busiest node that has a step at all.</summary>
    private static void EveryPair(Workspace work, PlannerLimits limits, int budget)
    {
        var members = Enumerable.Range(0, work.Nodes.Length).Where(n => work.Nodes[n].Takes).ToArray();
        var load = work.LoadOfNodes(work.Load);
        var counts = work.Counts();
        var (least, most) = CountBand.BandOf(work);
        var movable = work.BucketsOfNodes();
        for (var n = 0; n < movable.Length; n++)
            movable[n].RemoveAll(b => !work.Nodes[n].Gives || work.Busy[b] || work.Moved[b] || work.Resting[b]);
        if (members.Length < 2)
            return;
        var mean = members.Sum(n => load[n]) / members.Sum(n => work.Nodes[n].Weight);
        if (members.Max(Use) <= limits.LoadHigh * mean)
            return;
        while (budget > 0)
        {
            (int Bucket, int From, int To, int Back, double Worth)? best = null;
            foreach (var from in members.OrderByDescending(Use).ThenBy(n => n))
            {
                if (Use(from) <= limits.LoadLow * mean)
                    return;
                foreach (var to in members.Where(n => Use(n) < Use(from)))
                {
                    foreach (var bucket in movable[from].Where(b => work.May(b, to)))
                    {
                        if (counts[from] > least[from] && counts[to] < most[to])
                            Consider(from, to, bucket, Workspace.Nobody);
                        foreach (var back in movable[to].Where(b => budget >= 2 && work.Load[b] < work.Load[bucket] && work.May(b, from)))
                            Consider(from, to, bucket, back);
                    }
                }
                if (best is not null)
                    break;
            }
            if (best is not { } step)
                return;
            budget--;
            Carry(step.Bucket, step.From, step.To);
            if (step.Back < 0)
                continue;
            budget--;
            Carry(step.Back, step.To, step.From);

            void Consider(int from, int to, int bucket, int back)
            {
                var net = work.Load[bucket] - (back < 0 ? 0 : work.Load[back]);
                var after = Math.Max((load[from] - net) / work.Nodes[from].Weight, (load[to] + net) / work.Nodes[to].Weight);
                var gain = Use(from) - after;
                var worth = gain / (Cost(bucket) + (back < 0 ? 0 : Cost(back)));
                if (gain >= limits.SmallestGain * mean
                    && (best is not { } b || worth > b.Worth || (worth == b.Worth && work.Rank(bucket, to) > work.Rank(b.Bucket, b.To))))
                {
                    best = (bucket, from, to, back, worth);
                }
            }
        }

        double Use(int node) => load[node] / work.Nodes[node].Weight;

        double Cost(int bucket) => 1 + work.Sockets[bucket] / limits.SocketsPerMove;

        void Carry(int bucket, int from, int to)
        {
            movable[from].Remove(bucket);
            load[from] -= work.Load[bucket];
            load[to] += work.Load[bucket];
            counts[from]--;
            counts[to]++;
            work.Move(bucket, to, PlanReason.Load);
        }
    }
}
