namespace BucketProxy.Tests.Configuration;

public sealed class JsonFileTests
{
    [Theory]
    [InlineData("\"cluster\": 7", "cluster: \"7\" is a number; text is expected: letters, digits, '-', '_' and '.', at most 64.")]
    [InlineData("\"instance\": true", "instance: \"true\" is a switch; text is expected: letters, digits, '-', '_' and '.', at most 64.")]
    [InlineData("\"dataDirectory\": [\"a\", \"b\"]", "dataDirectory: is a list; text is expected.")]
    [InlineData("\"dataDirectory\": []", "dataDirectory: is a list; text is expected.")]
    [InlineData("\"dataDirectory\": {}", "dataDirectory: is a section; text is expected.")]
    [InlineData("\"etcd\": { \"endpoints\": 2379 }", "etcd.endpoints: \"2379\" is a number; a list is expected; each host, host:port or http(s)://host:port.")]
    [InlineData("\"etcd\": { \"endpoints\": [2379] }", "etcd.endpoints[0]: \"2379\" is a number; text is expected: host, host:port or http(s)://host:port.")]
    [InlineData("\"etcd\": { \"endpoints\": [null] }", "etcd.endpoints[0]: is null; allowed: host, host:port or http(s)://host:port.")]
    [InlineData("\"etcd\": { \"endpoints\": { \"host\": \"a\" } }", "etcd.endpoints: is a section; a list is expected; each host, host:port or http(s)://host:port.")]
    [InlineData("\"etcd\": { \"password\": 1234567 }", "etcd.password: is a number; text is expected.")]
    [InlineData("\"etcd\": 2379", "etcd: \"2379\" is a number; a section is expected: { … }.")]
    [InlineData("\"data\": [\"5550\"]", "data: is a list; a section is expected: { … }.")]
    [InlineData("\"data\": { \"holdTotal\": true }", "data.holdTotal: \"true\" is a switch; allowed: a whole number, 0 to 1000000.")]
    [InlineData("\"data\": { \"inlineScheduling\": 1 }", "data.inlineScheduling: \"1\" is a number; allowed: on or off.")]
    [InlineData("\"pins\": [\"ff84e1a1\"]", "pins: is a list; names, each with a text, are expected: { NAME: \"…\" }.")]
    [InlineData("\"pins\": { \"ff84e1a1\": 1 }", "pins.ff84e1a1: \"1\" must be one text.")]
    [InlineData("\"nodes\": [[\"dtable-server-01\"]]", "nodes[0]: is a list; a section is expected: { … }.")]
    [InlineData("\"monitor\": true", "monitor: \"true\" is a switch; allowed: 'on' or 'off'.")]
    public void Load_AnotherType_IsRefusedWithTheTypeExpected(string setting, string expected)
    {
        var errors = Loading.Errors($$"""{ {{setting}} }""");
        var key = expected[..expected.IndexOf(": ", StringComparison.Ordinal)];
        Assert.Equal(["test.json: " + expected], errors.Where(e => e.StartsWith($"test.json: {key}: ", StringComparison.Ordinal)));
    }

    // An empty name is one: what stands under it is no setting of the file.
    [Theory]
    [InlineData("{ \"\": { \"store\": \"embedded\" } }", "test.json: \"\": is no setting. Known here: ")]
    [InlineData("{ \"data\": { \"\": 1 } }", "test.json: data.\"\": is no setting. Known here: ")]
    public void Load_AnEmptyName_IsNoSetting(string json, string expected)
    {
        var errors = Loading.Errors(json);
        Assert.Contains(errors, e => e.StartsWith(expected, StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("store: is missing", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_AnItemOfAnotherTypeBeforeABadOne_EachIsNamedByItsOwnPlace() => Assert.Equal(
        ["test.json: nodes[0]: \"7\" is a number; a section is expected: { … }.", "test.json: nodes[1].id: \"server-1\" is not allowed; allowed: 'dtable-server-' and at least one of: letters, digits, '-', '_', '.'."],
        Loading.Errors("""{ "store": "embedded", "nodes": [7, { "id": "server-1", "local_node_url": "http://a" }] }"""));

    [Theory]
    [InlineData("\"data\": { \"listen\": 5550, \"holdTotal\": 1, \"inlineScheduling\": true }")]
    [InlineData("\"data\": { \"listen\": \"5550\", \"holdTotal\": \"1\", \"inlineScheduling\": \"true\" }")]
    [InlineData("\"data\": { \"listen\": \"5550\", \"holdTotal\": 1, \"inlineScheduling\": \"on\", \"keyFile\": null }")]
    public void Load_TheTypeItselfOrText_IsTaken(string setting)
    {
        var data = Loading.Good($$"""{ {{Loading.OneNode}}, {{setting}} }""").Data;
        Assert.Equal((5550, 1, true), (data.Listen.Port, data.HoldTotal, data.InlineScheduling));
    }

    [Fact]
    public void Load_EmptyMapOverAFilesMap_ReplacesIt()
    {
        var loaded = Loading.Layers(
            [("a.json", $$"""{ {{Loading.OneNode}}, "pins": { "ff84e1a1": "dtable-server-01" } }"""), ("b.json", """{ "pins": {} }""")], [], []);
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Settings.Pins);
    }

    [Theory]
    [InlineData("{\n \"data\": { \"holdTotal\": 1 },\n \"cluster\": \"a\",\n \"data\": { \"holdPerBucket\": 1 }\n}", "data: stands in line 2 and again in line 4; allowed: once.")]
    [InlineData("{\n \"cluster\": \"a\",\n\n \"CLUSTER\": \"a\"\n}", "CLUSTER: stands in line 2 and again in line 4; allowed: once.")]
    [InlineData("{ \"nodes\": [ {\n \"id\": \"a\",\n \"id\": \"b\" } ] }", "nodes[0].id: stands in line 2 and again in line 3; allowed: once.")]
    [InlineData("{\r\n \"pins\": { \"ff84e1a1\": \"a\",\r\n \"ff84e1a1\": \"b\" } }", "pins.ff84e1a1: stands in line 2 and again in line 3; allowed: once.")]
    [InlineData("{\n \"data\": { \"holdTotal\": 1 },\n \"data:holdTotal\": 2 }", "data.holdTotal: stands in line 2 and again in line 3; allowed: once.")]
    public void Load_AKeyTwice_IsRefusedWithBothLines(string json, string expected) =>
        Assert.Equal(["test.json: " + expected], Loading.Errors(json));

    [Theory]
    [InlineData("{\n  \"store\": \"embedded\"\n  \"nodes\": []\n}", "line 3: ")]
    [InlineData("{ \"store\" \"embedded\" }", "line 1: ")]
    [InlineData("", "line 1: ")]
    [InlineData("{\n\n", "line 3: ")]
    [InlineData("\n[]", "line 2: one object is expected: { … }.")]
    [InlineData("{}\n{}", "line 2: ")]
    [InlineData("{\n \"cluster\":\n \"\\ud800\" }", "line 3: ")]
    public void Load_BrokenJson_SaysInWhichLine(string json, string expected)
    {
        var error = Assert.Single(Loading.Errors(json));
        Assert.StartsWith("test.json: is no JSON that settings can be read from: " + expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error, StringComparison.Ordinal);
    }
}
