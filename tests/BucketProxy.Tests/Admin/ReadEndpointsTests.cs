using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;

namespace BucketProxy.Tests.Admin;

public sealed class ReadEndpointsTests
{
    [Fact]
    public async Task Base_DashedOrNot_NamesItsOwner()
    {
        await using var site = await AdminSite.StartAsync();
        const string dashed = "9f84e1a1-66e2-4000-8000-000000000001";
        var json = await site.Client.GetFromJsonAsync<JsonElement>($"/api/bases/{dashed.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()}");
        Assert.Equal((dashed, "9f", "dtable-server-02", "open", "http://10.0.0.2:5000/"),
            (json.GetProperty("base").GetString()!, json.GetProperty("bucket").GetString()!, json.GetProperty("node").GetString()!,
             json.GetProperty("state").GetString()!, json.GetProperty("url").GetString()!));
        Assert.True(json.GetProperty("epoch").GetInt64() > 0);
    }

    [Fact]
    public async Task Base_NoUuid_IsAProblem()
    {
        await using var site = await AdminSite.StartAsync();
        using var answer = await site.Client.GetAsync(new Uri("/api/bases/ff84e1a1", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("32 hex digits", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buckets_AllOfThem_WithOwnersAndStates()
    {
        await using var site = await AdminSite.StartAsync();
        var buckets = await site.Client.GetFromJsonAsync<BucketReport[]>("/api/buckets", AdminJson.Options);
        Assert.Equal(256, buckets!.Length);
        Assert.Equal(("7f", "dtable-server-01", "open"), (buckets[0x7f].Bucket, buckets[0x7f].Node, buckets[0x7f].State));
        Assert.Equal(("f0", null, "unassigned"), (buckets[0xf0].Bucket, buckets[0xf0].Node, buckets[0xf0].State));
    }

    [Fact]
    public async Task Pins_WithTheirOwners_AreListed()
    {
        await using var site = await AdminSite.StartAsync();
        await site.PutAsync((AdminSite.Keys.Pins + "ff84e1a166e2", "dtable-server-02"));
        await site.FollowedAsync();
        var pin = Assert.Single((await site.Client.GetFromJsonAsync<PinReport[]>("/api/pins", AdminJson.Options))!);
        Assert.Equal(("ff84e1a166e2", "dtable-server-02", "open"), (pin.Pin, pin.Node, pin.State));
        var found = (await site.Client.GetFromJsonAsync<BaseReport>("/api/bases/ff84e1a1-66e2-4000-8000-000000000001", AdminJson.Options))!;
        Assert.Equal(("ff84e1a166e2", "dtable-server-02"), (found.Pin!, found.Node!));
    }

    [Fact]
    public async Task Nodes_WithLoadAndPolicy_AreAddedUpOverProxies()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentStandings["dtable-server-02"] = "suspect";
        await site.PutAsync(
            (AdminSite.Keys.Load("p1"), """{"buckets":{"00":{"rate":2,"bytes":10,"sockets":1},"80":{"rate":7,"bytes":1,"sockets":0}}}"""),
            (AdminSite.Keys.Load("p2"), """{"buckets":{"01":{"rate":3,"bytes":20,"sockets":4}}}"""),
            (AdminSite.Keys.NodePolicy("dtable-server-01"), """{"cordoned":true,"weight":2}"""));
        await site.FollowedAsync();
        var nodes = (await site.Client.GetFromJsonAsync<NodeReport[]>("/api/nodes", AdminJson.Options))!;
        Assert.Equal(["dtable-server-01", "dtable-server-02"], nodes.Select(n => n.Id));
        var one = nodes[0];
        Assert.Equal((128, 5.0, 30.0, 5, 2.0, true), (one.Buckets, one.Rate, one.Bytes, one.Sockets, one.Weight, one.Cordoned));
        Assert.Equal(("http://10.0.0.1:5000/", "https://one.example.com/", "100", "live"), (one.LocalNodeUrl!, one.NodeUrl!, one.StartTime!, one.Standing));
        Assert.StartsWith("assumed:", one.Guarantee, StringComparison.Ordinal);
        Assert.Equal(("suspect", 112), (nodes[1].Standing, nodes[1].Buckets));
    }

    [Fact]
    public async Task Status_WithProxiesMovesAndAlarms_ShowsThemAll()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentAlarms = [new AlarmReport("frozen", "", "Nothing moves.", "Unfreeze it.")];
        await site.PutAsync(
            (AdminSite.Keys.Proxy("p1"), """{"address":"http://p1:5555","onStoreLoss":"fence","busy":{"0f":"2 requests"}}"""),
            (AdminSite.Keys.Alive("p1"), ""),
            (AdminSite.Keys.Leader, """{"instance":"m1","address":"http://m1:5555"}"""),
            (AdminSite.Keys.ClusterPolicy, """{"frozen":true,"frozenReason":"maintenance"}"""),
            (AdminSite.Keys.Load("p1"), """{"hottest":[{"base":"9f84e1a1-66e2-4000-8000-000000000001","rate":12}]}"""),
            (AdminSite.Keys.Move(new BucketProxy.Core.Bases.Bucket(0x0f)), """{"from":"dtable-server-01","to":"dtable-server-02","phase":"quiesce","reason":"balance","epoch":1}"""));
        await site.FollowedAsync();
        var status = (await site.Client.GetFromJsonAsync<StatusReport>("/api/status", AdminJson.Options))!;
        Assert.Equal(("seatable", "instance-1", "m1", true, "maintenance", 1), (status.Cluster, status.Instance, status.Leader!.Instance, status.Frozen!.Value, status.FrozenReason!, status.Moving!.Value));
        Assert.Equal((239, 1, 16), (status.Table.Open, status.Table.Moving, status.Table.Unassigned));
        Assert.True(Assert.Single(status.Proxies!).Alive);
        Assert.Equal([("dtable-server-01", 128, 0.5, "live"), ("dtable-server-02", 112, 112 / 256.0, "live")], status.Shares!.Select(s => (s.Node, s.Buckets, s.Share, s.State)));
        Assert.Equal(12, Assert.Single(status.HottestBases).Rate);
        Assert.Equal("Unfreeze it.", Assert.Single(status.Alarms).WhatToDo);

        var moves = (await site.Client.GetFromJsonAsync<MovesReport>("/api/moves", AdminJson.Options))!;
        var standing = Assert.Single(moves.Standing);
        Assert.Equal(("0f", "quiesce", "balance", "p1 is busy with 2 requests"), (standing.Bucket, standing.Phase, standing.Reason!, standing.Why!));
        Assert.Equal(6, Assert.Single(moves.Past).Phases!.Hold);
    }

    [Fact]
    public async Task Status_ClusterNotReadYet_LeavesOutWhatIsUnknown()
    {
        await using var site = await AdminSite.StartAsync(empty: true);
        using var json = System.Text.Json.JsonDocument.Parse(await site.Client.GetStringAsync(new Uri("/api/status", UriKind.Relative)));
        Assert.False(json.RootElement.GetProperty("known").GetBoolean());
        Assert.All(
            ["leader", "frozen", "frozenReason", "proxies", "order", "moving", "shares"],
            (string unknown) => Assert.False(json.RootElement.TryGetProperty(unknown, out _), unknown));
    }

    [Fact]
    public async Task Status_StoreNotAdopted_IsAnAlarmOfTheInstanceItself()
    {
        await using var site = await AdminSite.StartAsync();
        site.Desk.CurrentAlarms = [new AlarmReport("frozen", "", "Nothing moves.", "Unfreeze it.")];
        // No leader can write it into a store that nobody follows.
        site.NotAdopted = "its revision ran backwards";
        var alarms = (await site.Client.GetFromJsonAsync<StatusReport>("/api/status", AdminJson.Options))!.Alarms;
        Assert.Equal(["store-not-adopted", "frozen"], alarms.Select(a => a.Kind));
        Assert.Contains("its revision ran backwards", alarms[0].Message, StringComparison.Ordinal);
        Assert.Contains("accept-store", alarms[0].WhatToDo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_BucketAloneAboveAFairShare_NamesItsBasesWorthAPin()
    {
        await using var site = await AdminSite.StartAsync();
        const string hot = "9f84e1a1-66e2-4000-8000-000000000001";
        const string cool = "9f000000-66e2-4000-8000-000000000001";
        const string elsewhere = "00000000-66e2-4000-8000-000000000001";
        await site.PutAsync(
            (AdminSite.Keys.Load("p1"), $$$"""{"buckets":{"9f":{"rate":40},"00":{"rate":20}},"hottest":[{"base":"{{{hot}}}","rate":30},{"base":"{{{elsewhere}}}","rate":20}]}"""),
            (AdminSite.Keys.Load("p2"), $$$"""{"buckets":{"9f":{"rate":20},"80":{"rate":20}},"hottest":[{"base":"{{{hot}}}","rate":20},{"base":"{{{cool}}}","rate":4}]}"""));
        await site.FollowedAsync();
        // Two servers share 100 requests/s; bucket 9f alone has 60, and one base of it is more than a tenth of a share.
        var status = (await site.Client.GetFromJsonAsync<StatusReport>("/api/status", AdminJson.Options))!;
        Assert.Equal(new PinAdviceReport(hot, "9f", "dtable-server-02", 50, 60, 50), Assert.Single(status.WorthAPin));

        await site.PutAsync((AdminSite.Keys.Pins + hot, "dtable-server-01"));
        await site.FollowedAsync();
        Assert.Empty((await site.Client.GetFromJsonAsync<StatusReport>("/api/status", AdminJson.Options))!.WorthAPin);
    }

    [Fact]
    public async Task Watch_AnOwnerChanges_SendsItOnceMore()
    {
        await using var site = await AdminSite.StartAsync();
        await using var stream = await site.Client.GetStreamAsync(new Uri("/api/watch", UriKind.Relative));
        using var reader = new StreamReader(stream);
        Assert.Equal("dtable-server-01", (await NextAsync(reader)).Buckets[0].Node);
        await site.PutAsync((AdminSite.Keys.Assignment(new BucketProxy.Core.Bases.Bucket(0)), "dtable-server-02"));
        Assert.Equal("dtable-server-02", (await NextAsync(reader)).Buckets[0].Node);
    }

    [Fact]
    public async Task AnythingElse_IsAProblemAndTellsBrowsersNothing()
    {
        await using var site = await AdminSite.StartAsync();
        using var answer = await site.Client.GetAsync(new Uri("/no/such/thing", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Server"));
    }

    private static async Task<ChangeEvent> NextAsync(StreamReader reader)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return JsonSerializer.Deserialize<ChangeEvent>(line["data: ".Length..], AdminJson.Options)!;
        }
        throw new EndOfStreamException("The watch ended.");
    }
}
