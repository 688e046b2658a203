using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using BucketProxy.Emulator.Nodes;
using BucketProxy.Emulator.Tests.Support;

namespace BucketProxy.Emulator.Tests.Http;

public sealed class RouteTests : NodeTests
{
    private const string Root = "/api/v1/dtables/" + NodeFixture.Base;

    private EmulatedNode _node = null!;

    public override async Task InitializeAsync() => _node = await Nodes.StartAsync("n1");

    [Theory]
    [InlineData("GET", "/ping", 200)]
    [InlineData("GET", "/ping/?x=1", 200)]
    [InlineData("GET", "/api/v1/admin/sys-info", 200)]
    [InlineData("GET", "/dtables/" + NodeFixture.Base, 200)]
    [InlineData("GET", "/dtables/" + NodeFixture.Base + "/?lang=en", 200)]
    [InlineData("GET", "/dtables/0F000000000040008000000000000001/", 200)]
    [InlineData("GET", Root + "/metadata/", 200)]
    [InlineData("GET", Root + "/columns/?table_name=Table1", 200)]
    [InlineData("GET", Root + "/views/?table_name=Nowhere", 404)]
    [InlineData("GET", "/api/v1/internal/dtables/" + NodeFixture.Base + "/rows/", 200)]
    [InlineData("GET", "/api/v2/dtables/" + NodeFixture.Base + "/rows/", 200)]
    [InlineData("GET", "/api/v1/internal/" + NodeFixture.Base + "/connected-apps/", 200)]
    [InlineData("GET", "/api/v1/dtables/0f0/rows/", 400)]
    [InlineData("GET", "/api-gateway/api/v2/dtables/" + NodeFixture.Base + "/rows/", 404)]
    [InlineData("GET", Root + "/nothing/", 404)]
    [InlineData("GET", Root + "/rows/nobody/", 404)]
    [InlineData("POST", Root + "/rows/", 400)]
    [InlineData("GET", "/", 404)]
    public async Task Get_AnswersByItsRoute(string method, string target, int status) =>
        Assert.Equal(status, (await Nodes.SendAsync(_node, method, target)).Status);

    [Fact]
    public async Task PathBase_IsPartOfEveryRoute()
    {
        var node = await Nodes.StartAsync("n2", with: options => options with { PathBase = "/server" });

        Assert.EndsWith("/server", node.Url.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(200, (await Nodes.SendAsync(node, "GET", "/server/ping/")).Status);
        Assert.Equal(404, (await Nodes.SendAsync(node, "GET", "/ping/")).Status);
        Assert.Equal(404, (await Nodes.SendAsync(node, "GET", "/serverping/")).Status);
    }

    [Fact]
    public async Task Rows_AppendUpdateDelete_OfBothVersions()
    {
        var (_, first) = await Nodes.SendAsync(_node, "POST", Root + "/rows/", """{"table_name":"Table1","row":{"Name":"a"}}""");
        var (_, batch) = await Nodes.SendAsync(_node, "POST", Root + "/batch-append-rows/", """{"table_name":"Table1","rows":[{"Name":"b"},{"Name":"c"}]}""");
        var (_, v2) = await Nodes.SendAsync(_node, "POST", "/api/v2/dtables/" + NodeFixture.Base + "/rows/", """{"table_name":"Table1","rows":[{"Name":"d"}]}""");
        Assert.Equal(1, (int)first!["_number"]!);
        Assert.Equal("[2,3]", batch!["row_numbers"]!.ToJsonString());
        Assert.Equal("d", (string)v2!["first_row"]!["Name"]!);

        await Nodes.SendAsync(_node, "PUT", Root + "/rows/", $$$"""{"table_name":"Table1","row_id":"{{{first["_id"]}}}","row":{"Name":"A"}}""");
        await Nodes.SendAsync(_node, "PUT", Root + "/batch-update-rows/", $$$"""{"updates":[{"row_id":"{{{v2["first_row"]!["_id"]}}}","row":{"Name":"D"}}]}""");
        var (_, one) = await Nodes.SendAsync(_node, "DELETE", Root + "/rows/", $$"""{"table_name":"Table1","row_id":"{{batch["first_row"]!["_id"]}}"}""");
        var (_, none) = await Nodes.SendAsync(_node, "DELETE", Root + "/batch-delete-rows/", """{"table_name":"Table1","row_ids":["nobody"]}""");

        Assert.Equal(1, (int)one!["deleted_rows"]!);
        Assert.Equal(0, (int)none!["deleted_rows"]!);
        Assert.Equal(["A", "c", "D"], await Nodes.NamesAsync(_node, NodeFixture.Base));
        Assert.Equal("c", (string)(await Nodes.SendAsync(_node, "GET", Root + "/rows/?start=1&limit=1")).Body!["rows"]![0]!["Name"]!);
        await _node.StopAsync();
        Assert.True(Nodes.Check() is { IsClean: true, RowsJudged: 3 });
    }

    [Fact]
    public async Task FilteredRows_WithABodyOnGet_Filters()
    {
        await Nodes.AppendAsync(_node, NodeFixture.Base, "apple");
        await Nodes.AppendAsync(_node, NodeFixture.Base, "pear");

        var (_, found) = await Nodes.SendAsync(_node, "GET", Root + "/filtered-rows/",
            """{"table_name":"Table1","filters":[{"column_name":"Name","filter_predicate":"contains","filter_term":"pp"}]}""");

        Assert.Equal("apple", (string)Assert.Single(found!["rows"]!.AsArray())!["Name"]!);
    }

    [Fact]
    public async Task ImportCsv_AppendsItsLines()
    {
        var answer = await Nodes.Http.PostAsync(new Uri(_node.Url, $"/api/v1/{NodeFixture.Base}/import-csv/?table_name=Table1"), new StringContent("Name,Age\na,1\nb,2\n"));

        Assert.Equal(2, (int)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["inserted_row_count"]!);
        Assert.Equal(["a", "b"], await Nodes.NamesAsync(_node, NodeFixture.Base));
    }

    [Fact]
    public async Task Tables_Add_ThenAppendThere()
    {
        await Nodes.SendAsync(_node, "POST", Root + "/tables/", """{"table_name":"T2"}""");

        Assert.Equal(400, (await Nodes.SendAsync(_node, "POST", Root + "/tables/", """{"table_name":"T2"}""")).Status);
        Assert.Equal(200, (await Nodes.SendAsync(_node, "POST", Root + "/rows/", """{"table_name":"T2","row":{"Name":"x"}}""")).Status);
        Assert.Equal(404, (await Nodes.SendAsync(_node, "POST", Root + "/rows/", """{"table_name":"T3","row":{"Name":"x"}}""")).Status);
    }

    [Fact]
    public async Task Base_WithItsEtag_Answers304UntilItChanges()
    {
        var url = new Uri(_node.Url, $"/dtables/{NodeFixture.Base}");
        var tag = (await Nodes.Http.GetAsync(url)).Headers.ETag!;

        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync());
        await Nodes.AppendAsync(_node, NodeFixture.Base, "a");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());

        async Task<HttpStatusCode> StatusAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfNoneMatch = { tag } } };
            using var answer = await Nodes.Http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task SysInfo_CountsOperationsAndSaves()
    {
        await Nodes.AppendAsync(_node, NodeFixture.Base, "a");
        await _node.FlushAsync();

        var (_, info) = await Nodes.SendAsync(_node, "GET", "/api/v1/admin/sys-info/");

        Assert.Equal(1, (int)info!["operation_count_since_up"]!);
        Assert.Equal(1, (int)info["last_period_operations_count"]!);
        Assert.Equal(1, (int)info["loaded_dtables_count"]!);
        Assert.Equal(1, (int)info["last_dtable_saving_count"]!);
        Assert.Equal(0, (int)info["web_socket_count"]!);
        Assert.True((long)info["last_dtable_saving_end_time"]! >= (long)info["last_dtable_saving_start_time"]!);
    }
}
