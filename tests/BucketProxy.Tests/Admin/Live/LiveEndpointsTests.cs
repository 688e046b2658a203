using System.Net;
using System.Text.Json;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Live;
using BucketProxy.Core.Bases;

namespace BucketProxy.Tests.Admin.Live;

public sealed class LiveEndpointsTests
{
    private static readonly string[] Everything = ["run", "at", "status", "nodes", "buckets", "pins", "moves", "loads"];

    [Fact]
    public async Task Events_Begin_WithEverythingThatThePageShows()
    {
        await using var site = await AdminSite.StartAsync();
        using var events = await EventReader.OpenAsync(site.Client);
        Assert.Equal("text/event-stream", events.ContentType);
        var (name, data) = (await events.NextAsync())!.Value;
        Assert.Equal("snapshot", name);
        Assert.Equal(Everything.Order(), data.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(256, data.GetProperty("buckets").GetArrayLength());
        Assert.Equal(256, data.GetProperty("loads").GetProperty("rates").GetArrayLength());
        Assert.Equal("dtable-server-01", data.GetProperty("buckets")[0].GetProperty("node").GetString());
        Assert.Equal(2, data.GetProperty("nodes").GetArrayLength());
    }

    [Fact]
    public async Task Events_AnOwnerChanges_OnlyThatBucketComesAndWhatHappened()
    {
        await using var site = await AdminSite.StartAsync();
        using var events = await EventReader.OpenAsync(site.Client);
        await events.NextAsync();
        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(0x0f)), "dtable-server-02"));
        var buckets = new List<JsonElement>();
        var change = await events.UntilAsync(c =>
        {
            if (c.TryGetProperty("buckets", out var some))
                buckets.AddRange(some.EnumerateArray());
            return c.TryGetProperty("history", out _);
        });
        var bucket = Assert.Single(buckets);
        Assert.Equal(("0f", "dtable-server-02"), (bucket.GetProperty("bucket").GetString(), bucket.GetProperty("node").GetString()));
        var entry = Assert.Single(change.GetProperty("history").EnumerateArray());
        Assert.Equal(("owner", "0f", "dtable-server-01", "dtable-server-02"),
            (entry.GetProperty("kind").GetString(), entry.GetProperty("bucket").GetString(), entry.GetProperty("from").GetString(), entry.GetProperty("to").GetString()));
        Assert.Equal(bucket.GetProperty("epoch").GetInt64(), entry.GetProperty("epoch").GetInt64());
    }

    [Fact]
    public async Task Events_LoadIsPublished_ComesWithoutTheBuckets()
    {
        await using var site = await AdminSite.StartAsync();
        using var events = await EventReader.OpenAsync(site.Client);
        await events.NextAsync();
        await site.PutAsync((AdminSite.Keys.Load("p1"), """{"buckets":{"80":{"rate":7.123,"bytes":1,"sockets":3}},"hottest":[{"base":"9f84e1a1-66e2-4000-8000-000000000001","rate":12}]}"""));
        var change = await events.UntilAsync(c => c.TryGetProperty("loads", out _));
        Assert.Equal((7.12, 3), (change.GetProperty("loads").GetProperty("rates")[0x80].GetDouble(), change.GetProperty("loads").GetProperty("sockets")[0x80].GetInt32()));
        Assert.False(change.TryGetProperty("buckets", out _));
        Assert.Equal(12, change.GetProperty("status").GetProperty("hottestBases")[0].GetProperty("rate").GetDouble());
    }

    [Fact]
    public async Task Events_ComeBackWithTheLastId_GoOnWithoutASnapshot()
    {
        await using var site = await AdminSite.StartAsync();
        using var first = await EventReader.OpenAsync(site.Client);
        await first.NextAsync();
        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(0)), "dtable-server-02"));
        await first.UntilAsync(c => c.TryGetProperty("history", out _));
        var seen = first.LastId;
        first.Dispose();

        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(1)), "dtable-server-02"));
        using (var listener = await EventReader.OpenAsync(site.Client))
            await listener.NextAsync();
        using var again = await EventReader.OpenAsync(site.Client, seen);
        var (name, data) = (await again.NextAsync())!.Value;
        Assert.Equal("change", name);
        while (!data.TryGetProperty("history", out _))
            (name, data) = (await again.NextAsync())!.Value;
        Assert.Equal("01", Assert.Single(data.GetProperty("history").EnumerateArray()).GetProperty("bucket").GetString());
    }

    [Theory]
    [InlineData("0badf00d-PLACE")]
    [InlineData("RUN-99999")]
    [InlineData("RUN--1")]
    [InlineData("nonsense")]
    public async Task Events_ALastIdOfNoUse_BeginWithASnapshot(string lastId)
    {
        await using var site = await AdminSite.StartAsync();
        using var first = await EventReader.OpenAsync(site.Client);
        await first.NextAsync();
        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(0)), "dtable-server-02"));
        await first.UntilAsync(c => c.TryGetProperty("history", out _));
        var place = first.LastId!.Split('-');
        using var again = await EventReader.OpenAsync(
            site.Client, lastId.Replace("RUN", place[0], StringComparison.Ordinal).Replace("PLACE", place[1], StringComparison.Ordinal));
        Assert.Equal("snapshot", (await again.NextAsync())!.Value.Name);
    }

    [Fact]
    public async Task Events_MoreListenersThanAllowed_AreRefusedUntilOneLeaves()
    {
        await using var site = await AdminSite.StartAsync();
        var listeners = new List<EventReader>();
        for (var i = 0; i < LiveFeed.MaxListeners; i++)
        {
            listeners.Add(await EventReader.OpenAsync(site.Client));
            await listeners[i].NextAsync();
        }
        using (var refused = await EventReader.OpenAsync(site.Client))
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (refused.StatusCode, refused.ContentType));

        listeners[0].Dispose();
        while (true)
        {
            using var another = await EventReader.OpenAsync(site.Client);
            if (another.StatusCode == HttpStatusCode.OK)
                break;
        }
        foreach (var listener in listeners)
            listener.Dispose();
    }

    [Fact]
    public async Task Events_ThePortIsClosed_EndInsteadOfKeepingItOpen()
    {
        await using var site = await AdminSite.StartAsync();
        using var events = await EventReader.OpenAsync(site.Client);
        await events.NextAsync();
        using var watch = await site.Client.GetAsync(new Uri("/api/watch", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        // Endless patience: what is asserted is that both end, not when.
        await Task.WhenAll(site.StopAsync(), EndAsync(), watch.Content.ReadAsByteArrayAsync());

        async Task EndAsync()
        {
            while (await events.NextAsync() is not null)
            {
            }
        }
    }

    [Fact]
    public async Task History_MovesOfBeforeAndOfNow_AreOneListTheEarliestFirst()
    {
        await using var site = await AdminSite.StartAsync();
        var before = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(20);
        site.Desk.MovesBefore.Add(new MoveReport { Bucket = "05", From = "dtable-server-02", To = "dtable-server-01", Phase = "done", Reason = "balance", At = before });
        using var events = await EventReader.OpenAsync(site.Client);
        await events.NextAsync();
        await site.PutAsync((AdminSite.Keys.Assignment(new Bucket(6)), "dtable-server-02"));
        await events.UntilAsync(c => c.TryGetProperty("history", out _));

        var history = (await site.GetAsync<HistoryReport>("/api/history"))!;
        Assert.Equal(["05", "06"], history.Entries.Select(e => e.Bucket));
        Assert.Equal((before, "balance"), (history.Entries[0].At, history.Entries[0].Reason));
        Assert.True(history.Since < before);
        Assert.Equal(events.LastId!.Split('-')[0], history.Run);
    }
}
