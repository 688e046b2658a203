using BucketProxy.Core.Bases;
using BucketProxy.Demo;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Testing;

namespace BucketProxy.Tests.Commands;

public sealed class JudgedJournalTests : IDisposable
{
    private const string Base = "0f84e1a1-66e2-4000-8000-000000000001";
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly OwnershipHistory _owners = new();
    private readonly TemporaryDirectory _directory = new();

    public JudgedJournalTests() => _owners.SetBucket(new Bucket(0x0f), "one", Begin);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_AMillionServes_KeepsFewAndJudgesAll()
    {
        using var journal = Open();
        for (var i = 0; i < 1_000_000; i++)
        {
            journal.Write(Serve(i == 3 ? "two" : "one", i));
            journal.Write(new JournalEntry { Event = JournalEvent.Append, Base = Base, Rows = ["r"] });
            Assert.InRange(journal.Waiting, 0, 50_000);
        }

        Assert.Empty(journal.Read());
        var (judged, foreign) = journal.JudgeAll();
        Assert.Equal(1_000_000, judged);
        Assert.Equal(("two", "one", Begin.AddSeconds(3)), (Assert.Single(foreign).Node, foreign[0].Owner!, foreign[0].Time));
    }

    [Fact]
    public void Write_WhatWasOpenedAndSaved_IsKeptForTheEnd()
    {
        using var journal = Open();
        JournalEvent[] kept = [JournalEvent.Start, JournalEvent.Load, JournalEvent.Flush, JournalEvent.Unload, JournalEvent.Release, JournalEvent.Stop, JournalEvent.Crash];
        foreach (var one in kept)
            journal.Write(new JournalEntry { Event = one, Base = Base });
        Assert.Equal(kept, journal.Read().Select(e => e.Event));
    }

    private JudgedJournal Open() => new(_owners, TimeSpan.Zero, _directory.Combine("kept.jsonl"));

    private static JournalEntry Serve(string node, int at) => new()
    {
        Event = JournalEvent.Serve,
        Node = node,
        Base = Base,
        Time = Begin.AddSeconds(at),
        End = Begin.AddSeconds(at),
        Method = "GET",
        Path = "/",
    };
}
