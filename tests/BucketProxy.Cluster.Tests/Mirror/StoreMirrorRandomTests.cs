using BucketProxy.Cluster.View;
using static BucketProxy.Cluster.Tests.Mirror.MirrorFixture;

namespace BucketProxy.Cluster.Tests.Mirror;

/// <summary>Faults in any order: in the end the mirror shows what the store holds, and on the way no epoch fell.</summary>
public sealed class StoreMirrorRandomTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Faults_InAnyOrder_EndInTheStoresContent(int seed)
    {
        var random = new Random(seed);
        await using var m = new MirrorFixture();
        await m.StartAsync();
        // A view that lacks an event is mended at the same revision, so only epochs are checked where none is dropped.
        m.ExpectsNoFlap = seed % 2 == 0;
        for (var step = 0; step < 40; step++)
        {
            switch (random.Next(9))
            {
                case 0:
                    m.Faults.Partition();
                    break;
                case 1:
                    m.Faults.WedgeWatches();
                    break;
                case 2:
                    m.Faults.BreakWatches();
                    break;
                case 3:
                    m.Faults.Compact(m.Memory.Revision);
                    break;
                case 4:
                    m.Faults.DuplicateNextBatch();
                    break;
                case 5 when !m.ExpectsNoFlap:
                    m.Faults.DropNextEvent(_ => true);
                    break;
                case 6:
                    m.Faults.Heal();
                    break;
                default:
                    await m.WriteAsync(Assign(random.Next(256), random.Next(1, 4)));
                    break;
            }
            m.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1500)));
        }
        m.Faults.Heal();
        var expected = await m.Memory.ReadAsync([Schema.Assignments]);
        await m.UntilAsync(() => expected.Entries.Select(e => (e.Key, new Grant(e.Text, e.ModRevision)))
            .SequenceEqual(m.Mirror.Current!.Assignments.Select(a => (Schema.Assignment(a.Key), a.Value))));
    }
}
