using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests.Journaling;

public sealed class JournalTests : NodeTests
{
    private string Path => System.IO.Path.Combine(Nodes.Storage, "journals", "n1.jsonl");

    [Fact]
    public async Task File_OfTwoRuns_TellsTheSameAsTheMemory()
    {
        for (var run = 0; run < 2; run++)
        {
            var node = await Nodes.StartAsync("n1", with: options => options with { JournalPath = Path });
            await Nodes.AppendAsync(node, NodeFixture.Base, $"row {run}");
            await node.StopAsync();
        }

        var (entries, torn) = JournalReader.Read([Path]);

        Assert.Equal(0, torn);
        Assert.Equal(Nodes.Journal.Entries.Select(entry => entry with { Rows = null }), entries.Select(entry => entry with { Rows = null }));
        Assert.Equal(Nodes.Journal.Entries.SelectMany(entry => entry.Rows ?? []), entries.SelectMany(entry => entry.Rows ?? []));
        var report = OwnershipChecker.Check(new OwnershipCheck { Journal = entries, StorageDirectory = Nodes.Storage });
        Assert.True(report is { IsClean: true, RowsJudged: 2, Loads: 2 }, report.ToString());
    }

    [Fact]
    public async Task File_WithALineThatAKillCutOff_IsReadWithoutIt()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        await File.WriteAllTextAsync(Path, """{"event":"Load","node":"n1","ru""");
        var node = await Nodes.StartAsync("n1", with: options => options with { JournalPath = Path });
        await node.StopAsync();

        var (entries, torn) = JournalReader.Read([Path]);

        Assert.Equal(1, torn);
        Assert.Equal([JournalEvent.Start, JournalEvent.Stop], entries.Select(entry => entry.Event));
    }

    [Fact]
    public async Task File_ThatIsNoJournal_IsRefused()
    {
        var path = System.IO.Path.Combine(Nodes.Storage, "no-journal");
        await File.WriteAllTextAsync(path, "a\nb\n");

        Assert.Throws<InvalidDataException>(() => JournalReader.Read([path]));
    }

    [Fact]
    public async Task Serve_IsWrittenWithItsBeginningAndEnd()
    {
        var node = await Nodes.StartAsync("n1");
        await Nodes.SendAsync(node, "GET", $"/dtables/{NodeFixture.Base.ToUpperInvariant()}/?x=1");
        await node.StopAsync();

        var serve = Assert.Single(Nodes.Journal.Entries, entry => entry.Event == JournalEvent.Serve);

        Assert.Equal(("n1", NodeFixture.Base, "GET", $"/dtables/{NodeFixture.Base.ToUpperInvariant()}/", 200), (serve.Node, serve.Base, serve.Method, serve.Path, serve.Status));
        Assert.True(serve.Time >= serve.ProcessStart && serve.End >= serve.Time);
    }
}
