using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests;

/// <summary>A server that logs each change before it acknowledges it.</summary>
public sealed class OperationLogTests : NodeTests
{
    private static EmulatorOptions Logging(EmulatorOptions options) => options with { LogsOperations = true };

    [Fact]
    public async Task Abort_LosesNothingThatWasAcknowledged()
    {
        var node = await Nodes.StartAsync("n1", with: Logging);
        await Nodes.AppendAsync(node, NodeFixture.Base, "saved");
        await node.FlushAsync();
        await Nodes.AppendAsync(node, NodeFixture.Base, "logged");
        await node.AbortAsync();
        // Not loaded again yet: what the next server would load counts.
        Assert.Equal(0, Nodes.Check().Lost);

        var again = await Nodes.StartAsync("n1", with: Logging);
        Assert.Equal(["saved", "logged"], await Nodes.NamesAsync(again, NodeFixture.Base));
        Assert.Equal(3, await Nodes.AppendAsync(again, NodeFixture.Base, "next"));
        await again.StopAsync();
        Assert.True(Nodes.Check() is { IsClean: true, RowsJudged: 3 });
    }

    [Fact]
    public async Task Abort_ChangedAndDeletedRows_AreSoAgain()
    {
        var node = await Nodes.StartAsync("n1", with: Logging);
        foreach (var name in (string[])["a", "b"])
            await Nodes.AppendAsync(node, NodeFixture.Base, name);
        var rows = (await Nodes.SendAsync(node, "GET", $"/api/v1/dtables/{NodeFixture.Base}/rows/")).Body!["rows"]!.AsArray();
        var (first, second) = ((string)rows[0]!["_id"]!, (string)rows[1]!["_id"]!);
        Assert.Equal(200, (await Nodes.SendAsync(node, "PUT", $"/api/v1/dtables/{NodeFixture.Base}/rows/",
            $$"""{"table_name":"Table1","row_id":"{{first}}","row":{"Name":"changed"} }""")).Status);
        Assert.Equal(200, (await Nodes.SendAsync(node, "DELETE", $"/api/v1/dtables/{NodeFixture.Base}/rows/",
            $$"""{"table_name":"Table1","row_id":"{{second}}"}""")).Status);
        await node.AbortAsync();

        var again = await Nodes.StartAsync("n1", with: Logging);
        Assert.Equal(["changed"], await Nodes.NamesAsync(again, NodeFixture.Base));
    }

    /// <summary>The log does not make two servers with one base harmless.</summary>
    [Fact]
    public async Task TwoServersWithOneBase_TheCheckerTells()
    {
        var one = await Nodes.StartAsync("n1", with: Logging);
        await Nodes.AppendAsync(one, NodeFixture.Base, "a");
        var two = await Nodes.StartAsync("n2", with: Logging);
        await Nodes.AppendAsync(two, NodeFixture.Base, "b");
        await Nodes.AppendAsync(one, NodeFixture.Base, "c");
        await two.StopAsync();
        await one.StopAsync();
        var report = Nodes.Check();
        Assert.Single(report.DoubleOpens);
        Assert.Equal(("n1", "n2"), (Assert.Single(report.ForeignSaves).Node, report.ForeignSaves[0].Loader));
        Assert.Equal(1, report.Lost);
    }
}
