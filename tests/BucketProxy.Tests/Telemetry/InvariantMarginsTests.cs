using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Bases;
using BucketProxy.Telemetry;

namespace BucketProxy.Tests.Telemetry;

public sealed class InvariantMarginsTests
{
    private static readonly Bucket B = new(0x0f);

    [Theory]
    [InlineData("dtable-server-01", 9, 0)]
    [InlineData("dtable-server-02", 10, 0)]
    [InlineData("dtable-server-01", 10, 1)]
    [InlineData("dtable-server-02", 11, 1)]
    public void S1_GrantAfterAGrant_BrokenWhereTheEpochFellOrHasTwoOwners(string owner, long epoch, double expected)
    {
        var instance = new SeenInstance();
        var margins = Margins(instance);
        instance.See(View(10, new Grant("dtable-server-01", 10)));
        Assert.Equal(1, Now(margins, "S1"));

        instance.See(View(11, new Grant(owner, epoch)));
        Assert.Equal(expected, Now(margins, "S1"));

        // What was broken stays so, whatever comes then.
        instance.See(View(12, new Grant("dtable-server-02", 12)));
        Assert.Equal(expected, Now(margins, "S1"));
    }

    [Fact]
    public void S1_OperatorAcceptedAnotherHistory_LowerEpochsAreNoBreach()
    {
        var instance = new SeenInstance();
        var margins = Margins(instance);
        instance.See(View(10, new Grant("dtable-server-01", 10)));
        Assert.Equal(1, Now(margins, "S1"));

        instance.See(View(5, new Grant("dtable-server-02", 5)), acceptance: "word");
        Assert.Equal(1, Now(margins, "S1"));
        instance.See(View(6, new Grant("dtable-server-01", 4)), acceptance: "word");
        Assert.Equal(0, Now(margins, "S1"));
    }

    [Fact]
    public void S8_AgeOfTheTable_ByFiveSeconds()
    {
        var instance = new SeenInstance();
        var margins = Margins(instance);
        Assert.Equal(0, Now(margins, "S8"));
        instance.See(View(1), age: TimeSpan.FromSeconds(2));
        Assert.Equal(0.6, Now(margins, "S8"), 6);
        instance.See(View(1), age: TimeSpan.FromSeconds(10));
        Assert.Equal(-1, Now(margins, "S8"), 6);
    }

    [Fact]
    public void S7_StoreIsNotAdopted_NoRoom()
    {
        var instance = new SeenInstance();
        var margins = Margins(instance);
        instance.See(View(1));
        Assert.Equal(1, Now(margins, "S7"));
        instance.Status = instance.Status with { NotAdopted = "it ran backwards" };
        Assert.Equal(0, Now(margins, "S7"));
    }

    [Fact]
    public void L2AndC1_MovesThatStand_TakeOfTheRoom()
    {
        var instance = new SeenInstance();
        var margins = Margins(instance);
        var start = instance.Time.GetUtcNow();
        // 21 s is what the phases may take together by default.
        instance.Time.Advance(TimeSpan.FromSeconds(10.5));
        instance.See(View(1) with { Moves = View(1).Moves.Add(B, new MoveRecord { To = "dtable-server-02", Phase = MovePhase.Quiesce, StartedAt = start }) });

        Assert.Equal(0.5, Now(margins, "L2"), 6);
        Assert.Equal(7.0 / 8, Now(margins, "C1"), 6);
        instance.See(View(2));
        Assert.Equal(1, Now(margins, "L2"));
        Assert.Equal(1, Now(margins, "C1"));
    }

    [Theory]
    [InlineData(StoreLossMode.Serve, 1)]
    [InlineData(StoreLossMode.Fence, 0)]
    public void S3_ProxyWithoutALease_HasNoRoomWhereItFences(StoreLossMode mode, double expected)
    {
        var instance = new SeenInstance(new BucketProxySettings { OnStoreLoss = mode });
        Assert.Equal(expected, Now(Margins(instance), "S3"));
    }

    [Fact]
    public void Read_InstanceThatIsNoMonitor_SaysNothingOfLeading()
    {
        var instance = new SeenInstance(new BucketProxySettings { Roles = [Role.Proxy] });
        Assert.DoesNotContain(Margins(instance).Read(), m => Equals(m.Tags[0].Value, "S6"));
        Assert.Contains(Margins(new SeenInstance()).Read(), m => Equals(m.Tags[0].Value, "S6"));
    }

    private static InvariantMargins Margins(SeenInstance instance) => new(instance.Context, instance.Parts, instance.Time);

    private static double Now(InvariantMargins margins, string invariant) => margins.Read().Single(m => Equals(m.Tags[0].Value, invariant)).Value;

    private static ClusterView View(long revision, Grant? grant = null)
    {
        var view = new ClusterView { ClusterId = 1, Revision = revision };
        return grant is null ? view : view with { Assignments = view.Assignments.Add(B, grant) };
    }
}
