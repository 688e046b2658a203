using System.Net.Http.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Tests.Admin;

/// <summary>What is told of servers behind gates.</summary>
public sealed class GateReportsTests
{
    private const string Registration = """{"node_url":"https://one.example.com/","local_node_url":"http://10.0.0.1:5000/","start_time":"100","gate":"supervised"}""";

    [Fact]
    public async Task Nodes_BehindAGate_SayWhatIsGuaranteedAndOnWhatItRests()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync(
            (AdminSite.Keys.Node("dtable-server-01"), Registration),
            (AdminSite.Keys.Gate("dtable-server-01"), """{"instance":"g1","incarnation":"run-7","url":"http://10.0.0.1:5000","supervised":true,"release":"restart","leaseSeconds":12,"restartSeconds":8.5}"""));
        await site.FollowedAsync();
        var nodes = (await site.Client.GetFromJsonAsync<NodeReport[]>("/api/nodes", AdminJson.Options))!;
        Assert.Equal(
            (GateKind.Supervised, "run-7", ReleaseMode.Restart, 8.5), (nodes[0].Gate, nodes[0].Incarnation!, nodes[0].Release!.Value, nodes[0].RestartSeconds!.Value));
        Assert.Equal("proven: a bucket moves on its gate's word that the server's process has saved and ended; a crash is proven at once, the loss of its host after 12 s", nodes[0].Guarantee);
        Assert.Equal((GateKind.None, null), (nodes[1].Gate, nodes[1].Incarnation));

        var status = (await site.Client.GetFromJsonAsync<StatusReport>("/api/status", AdminJson.Options))!;
        Assert.Equal([nodes[0].Guarantee, nodes[1].Guarantee], status.Guarantees.Select(g => g.Guarantee));
        Assert.Equal("dtable-server-01", Assert.Single(status.Guarantees[0].Nodes));
    }

    [Fact]
    public async Task Moves_OffANodeBehindAGate_SayWhatItsGateWaitsFor()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync(
            (AdminSite.Keys.Proxy("p1"), """{"onStoreLoss":"serve"}"""),
            (AdminSite.Keys.Node("dtable-server-01"), Registration),
            (AdminSite.Keys.Move(new Bucket(0x0f)), """{"from":"dtable-server-01","to":"dtable-server-02","phase":"quiesce","reason":"balance","epoch":1}"""));
        await site.FollowedAsync();
        Assert.Equal("the gate of dtable-server-01 is not there", await WhyAsync(site));
        await site.PutAsync((AdminSite.Keys.Gate("dtable-server-01"), """{"instance":"g1","url":"http://10.0.0.1:5000","supervised":true,"release":"call"}"""));
        await site.FollowedAsync();
        Assert.Equal("the gate of dtable-server-01 is not silent yet", await WhyAsync(site));
        await site.PutAsync((AdminSite.Keys.Gate("dtable-server-01"), """{"instance":"g1","url":"http://10.0.0.1:5000","supervised":true,"release":"call","busy":{"0f":"a POST"}}"""));
        await site.FollowedAsync();
        Assert.Equal("the gate of dtable-server-01 is busy with a POST", await WhyAsync(site));
    }

    [Fact]
    public async Task Drain_NodeThatIsRestartedForIt_SaysSo()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Remark = "dtable-server-01 is restarted once";
        using var answer = await site.Client.PostAsync(new Uri("/api/nodes/dtable-server-01/drain", UriKind.Relative), null);
        var taken = (await answer.Content.ReadFromJsonAsync<OrderTaken>(AdminJson.Options))!;
        Assert.Equal("dtable-server-01 gives all its buckets away. dtable-server-01 is restarted once", taken.Ordered);
    }

    [Fact]
    public async Task Drain_DryRun_SaysTheSameAndOrdersNothing()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.Remark = "dtable-server-01 is restarted once";
        using var answer = await site.Client.PostAsync(new Uri("/api/nodes/dtable-server-01/drain?dry_run=true", UriKind.Relative), null);
        Assert.Equal(
            new OrderTaken("dtable-server-01 gives all its buckets away. dtable-server-01 is restarted once", DryRun: true),
            await answer.Content.ReadFromJsonAsync<OrderTaken>(AdminJson.Options));
        Assert.Empty(site.Desk.Orders);
        site.Desk.Refusal = new OrderRefusedException(RefusalKind.Conflict, "it cannot release");
        using var refused = await site.Client.PostAsync(new Uri("/api/nodes/dtable-server-01/drain?dry_run=true", UriKind.Relative), null);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Theory]
    [InlineData(GateKind.Supervised, ReleaseMode.Call, "proven: a bucket moves on its gate's word that nothing", "a crash is proven at once, the loss of its host after 10 s")]
    [InlineData(GateKind.Supervised, ReleaseMode.None, "none: no bucket is moved off it", "a crash is proven at once")]
    [InlineData(GateKind.Unsupervised, ReleaseMode.Call, "proven: a bucket moves on its gate's word", "its gate does not own its process")]
    public void OfGated_EachKind_SaysBothMovesAndLosses(GateKind kind, ReleaseMode release, string moves, string losses)
    {
        var said = Guarantees.OfGated(kind, release, new GateRecord { Instance = "g", Url = "http://g", LeaseSeconds = 10, Release = release });
        Assert.StartsWith(moves, said, StringComparison.Ordinal);
        Assert.Contains(losses, said, StringComparison.Ordinal);
        Assert.StartsWith("none: its gate is not there", Guarantees.OfGated(kind, release, null), StringComparison.Ordinal);
    }

    [Fact]
    public void OfUngated_NeverProvesALoss() =>
        Assert.All(Enum.GetValues<ReleaseMode>(), mode => Assert.EndsWith("; its loss is assumed when it is not registered and does not answer", Guarantees.OfUngated(mode, true), StringComparison.Ordinal));

    private static async Task<string?> WhyAsync(AdminSite site) =>
        Assert.Single((await site.Client.GetFromJsonAsync<MovesReport>("/api/moves", AdminJson.Options))!.Standing).Why;
}
