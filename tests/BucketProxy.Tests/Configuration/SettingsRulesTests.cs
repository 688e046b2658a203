using BucketProxy.Configuration;

namespace BucketProxy.Tests.Configuration;

public sealed class SettingsRulesTests
{
    [Fact]
    public void Check_NoStore_SaysTheTwoChoices()
    {
        var error = Assert.Single(Loading.Errors("{}"));
        Assert.StartsWith("store: is missing, and is never assumed. The two choices: \"embedded\"", error, StringComparison.Ordinal);
        Assert.Contains("\"etcd\" keeps it in the etcd", error, StringComparison.Ordinal);
    }

    // Whoever copies an address with its password gets the error into a log.
    [Theory]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a", "http://root:hush@h:2379"] } }""", "\"http://***@h:2379\" ")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["root:hu/sh@h:2379"] } }""", "\"***@h:2379\" ")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "id": "dtable-server-1", "local_node_url": "HTTP://u:hush@b@a" } ] }""", "\"HTTP://***@a\" ")]
    public void Load_AnAddressWithAPassword_IsRefusedAndThePasswordIsNotShown(string json, string expected)
    {
        var errors = Loading.Errors(json);
        Assert.Contains(errors, e => e.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(errors, e => e.Contains("hush", StringComparison.Ordinal) || e.Contains("hu/sh", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "store": "etcd" }""", "etcd.endpoints: is missing")]
    [InlineData("""{ "store": "embedded" }""", "nodes: is missing")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a", "b:port"] } }""", "test.json: etcd.endpoints: \"b:port\" is not allowed; allowed: host, host:port or http(s)://host:port.")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"], "caFile": "/dev/null", "certificateFile": "/dev/null", "keyFile": "/dev/null" } }""", "etcd: ")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"], "password": "x" } }""", "etcd.user: is missing")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"], "user": "x" } }""", "etcd.password: is missing")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"], "user": "x", "password": "y", "passwordFile": "/dev/null" } }""", "test.json: etcd.passwordFile: \"/dev/null\" is given and so is etcd.password")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"], "keyFile": "/dev/null" } }""", "etcd.certificateFile: is missing: etcd.keyFile is given")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "admin": { "token": "twelve-and-more", "tokenFile": "/dev/null" } }""", "test.json: admin.tokenFile: \"/dev/null\" is given and so is admin.token")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "admin": { "listen": 5550 } }""", "test.json: admin.listen: \"*:5550\" is the data port too")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "prefixes": ["api/"] } }""", "test.json: data.prefixes: \"api/\" is not allowed")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "prefixes": ["/a//b"] } }""", "test.json: data.prefixes: \"/a//b\" is not allowed: it may hold no empty segment")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "prefixes": ["/dtables"] } }""", "test.json: data.prefixes: \"/dtables\" is not allowed: routes begin with")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "dataDirectory": "" }""", "test.json: dataDirectory: \"\" is not allowed; allowed: the path of a directory, without control characters.")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "dataDirectory": "a\u0000b" }""", "test.json: dataDirectory: \"a\\u0000b\" is not allowed")]
    [InlineData("""{ "store": "embedded", "nodes:5:id": "server-5", "nodes:5:local_node_url": "http://a" }""", "test.json: nodes[5].id: \"server-5\" is not allowed")]
    [InlineData("""{ "store": "embedded", "nodes:5:id": "dtable-server-5" }""", "nodes[5].local_node_url: is missing.")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "cluster": "a b" }""", "test.json: cluster: \"a b\" is not allowed")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "roles": [] }""", "test.json: roles: is empty")]
    [InlineData("""{ "store": "embedded", "roles": "proxy", "nodes": [ { "id": "dtable-server-1", "local_node_url": "http://a" } ] }""", "test.json: roles: \"proxy\" is not enough with \"store\": \"embedded\"")]
    [InlineData("""{ "store": "embedded", "monitor": "off", "nodes": [ { "id": "dtable-server-1", "local_node_url": "http://a" } ] }""", "\"off\" is not allowed with \"store\": \"embedded\"")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "local_node_url": "http://a" } ] }""", "nodes[0].id: is missing.")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "holdTime": "21s" } }""", "test.json: data.holdTime: \"21s\" is not enough for a planned move; allowed: more than monitor.quiesceTimeout + releaseTimeout + settleTime (21s).")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "monitor": { "leaderMargin": "5s" } }""", "test.json: monitor.leaderMargin: \"5s\" is not allowed; allowed: less than half of monitor.leaderLease (10s).")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "proxy": { "lease": "6s" } }""", "proxy.fenceMargin: \"3s\" is not allowed; allowed: less than half of proxy.lease (6s).")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "monitor": { "retryPauseLimit": "1s" } }""", "test.json: monitor.retryPauseLimit: \"1s\" is not allowed; allowed: at least monitor.retryPause (5s).")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "readAhead": "16KB" } }""", "test.json: data.readAhead: \"16KB\" is not allowed; allowed: at least data.maxHeaderSize (32KB)")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "nodeHttp2": true } }""", "test.json: data.nodeHttp2: \"on\" is not allowed with data.forwarder \"direct\"")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "monitor": { "releasePath": "release" } }""", "test.json: monitor.releasePath: \"release\" is not allowed")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "admin": { "tokenFile": "no-such-file" } }""", "test.json: admin.tokenFile: \"no-such-file\" does not exist")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "admin": { "token": "short" } }""", "test.json: admin.token: is not allowed; allowed: at least 12 characters")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "id": "dtable-server-1", "register": "no" } ] }""", "test.json: nodes[0].register: \"off\" is not allowed with")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "id": "dtable-server-1" } ] }""", "nodes[0].local_node_url: is missing.")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "id": "dtable-server-1", "local_node_url": "http://a" }, { "id": "dtable-server-1", "local_node_url": "http://a" } ] }""", "test.json: nodes[1].id: \"dtable-server-1\" is the id of another node")]
    [InlineData("""{ "store": "embedded", "nodes": [ { "id": "dtable-server-1", "local_node_url": "http://a", "release": "restart" } ] }""", "nodes[0].restartCommand: is missing")]
    [InlineData("""{ "store": "embedded", "nodeNetworks": ["10.0.0.0/8", "fd00::/8"], "nodes": [ { "id": "dtable-server-1", "local_node_url": "http://[fe80::1]:5000" } ] }""", "test.json: nodes[0].local_node_url: \"http://[fe80::1]:5000\" is not allowed; allowed by nodeNetworks: 10.0.0.0/8, fd00::/8.")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "nodeNetworks": ["10.0.0.0/99"] }""", "test.json: nodeNetworks[0]: \"10.0.0.0/99\" is not allowed; allowed: a network (10.0.0.0/8, fd00::/8).")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "keyFile": "/dev/null" } }""", "data.certificateFile: is missing: data.keyFile is given")]
    [InlineData("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "data": { "certificateFile": "/dev/null", "keyFile": "/dev/null" } }""", "data.certificateFile: ")]
    public void Check_SettingsThatDoNotFitTogether_AreRefused(string json, string expected) =>
        Assert.Contains(expected, Assert.Single(Loading.Errors(json)), StringComparison.Ordinal);

    [Theory]
    [InlineData("""  """, "gate.node: is missing: the role 'gate' needs it.", "gate.advertise: is missing")]
    [InlineData(""" "node": "server-1", "advertise": "http://x" """, "test.json: gate.node: \"server-1\" is not allowed; allowed: 'dtable-server-'")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://127.0.0.1:5000" """, "test.json: gate.advertise: \"http://127.0.0.1:5000\" is gate.server")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "listen": 5555 """, "test.json: gate.listen: \"*:5555\" is the admin port too")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "listen": "127.0.0.1:5550" """, "test.json: gate.listen: \"127.0.0.1:5550\" is the proxy's data port too")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "saveTime": "15s" """, "test.json: gate.saveTime: \"15s\" is not allowed; allowed: with gate.margin at most three quarters of gate.leaseTimeToLive (up to 14s).")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "release": "restart" """, "test.json: gate.release: \"restart\" is not allowed for a server that the gate does not run")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "release": "restart", "command": "x", "supervise": "off" """, "test.json: gate.release: \"restart\" is not allowed")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "stopSignal": "SIGKILL" """, "test.json: gate.stopSignal: \"SIGKILL\" is not allowed; allowed: SIGHUP, SIGINT")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "workingDirectory": "/no/such" """, "test.json: gate.workingDirectory: \"/no/such\" does not exist")]
    [InlineData(""" "node": "dtable-server-1", "advertise": "http://x", "releasePath": "r?" """, "test.json: gate.releasePath: \"r?\" is not allowed")]
    [InlineData(""" "node": "dtable-server-2", "advertise": "http://x" """, "nodes[0].register: \"on\" is not allowed for the server behind this gate")]
    public void Check_GateThatDoesNotFit_IsRefused(string gate, params string[] expected)
    {
        var errors = Loading.Errors($$"""
            { "store": "etcd", "etcd": { "endpoints": ["a"] }, "roles": ["proxy", "gate"], "nodes": [ { "id": "dtable-server-2", "local_node_url": "http://y" } ], "gate": { {{gate}} } }
            """).ToArray();
        Assert.Equal(expected.Length, errors.Length);
        Assert.All(expected, e => Assert.Contains(errors, error => error.Contains(e, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("monitor,gate", true)]
    [InlineData("proxy,monitor,gate", true)]
    [InlineData("proxy,gate", false)]
    [InlineData("gate", false)]
    public void Check_EmbeddedStore_NeedsAMonitorAndOneThatServes(string roles, bool allowed)
    {
        var errors = Loading.Errors($$"""
            { "store": "embedded", "roles": "{{roles}}", "nodes": [ { "id": "dtable-server-2", "local_node_url": "http://y" } ], "gate": { "node": "dtable-server-1", "advertise": "http://x" } }
            """).ToArray();
        Assert.Equal(allowed ? [] : [$"test.json: roles: \"{roles}\" is not enough with \"store\": \"embedded\": one process has the store to itself, so it must be 'monitor', and 'proxy' or 'gate' as well."], errors);
    }

    [Theory]
    [InlineData(""" "gate": { "margin": "2s" } """, "the settings under gate do nothing without the role 'gate'")]
    [InlineData(""" "roles": "gate", "gate": { "node": "dtable-server-1", "advertise": "http://x", "server": "http://10.0.0.1:5000" } """, "is not on localhost")]
    [InlineData(""" "roles": "gate", "gate": { "node": "dtable-server-1", "advertise": "http://x", "command": "x", "supervise": "off" } """, "gate.command is not run")]
    public void Remarks_OnAGate_AreMade(string more, string expected) => Assert.Contains(
        SettingsRemarks.Of(Loading.Good($$"""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, {{more}} }""")),
        r => r.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("ff84e1a", "is not allowed; allowed: a whole UUID, or its first 8 or more hex digits")]
    [InlineData("ff84e1a1-66e2-zz", "is not allowed; allowed: a whole UUID")]
    public void Check_BadPin_IsRefused(string pin, string expected) =>
        Assert.Contains(expected,
            Assert.Single(Loading.Errors($$"""{ {{Loading.OneNode}}, "pins": { "{{pin}}": "dtable-server-01" } }""")), StringComparison.Ordinal);

    [Fact]
    public void Check_OnePinInTwoSpellings_IsRefused() =>
        Assert.Contains("pins.ff84e1a1-66e2: names the same bases as 'FF84E1A166E2'",
            Assert.Single(Loading.Errors($$"""{ {{Loading.OneNode}}, "pins": { "ff84e1a1-66e2": "dtable-server-01", "FF84E1A166E2": "dtable-server-01" } }""")),
            StringComparison.Ordinal);

    [Fact]
    public void Check_PinToUnknownNode_NamesTheKnownOnes() =>
        Assert.Equal(["test.json: pins.ff84e1a1: \"dtable-server-02\" is not among the nodes; known: dtable-server-01."],
            Loading.Errors($$"""{ {{Loading.OneNode}}, "pins": { "ff84e1a1": "dtable-server-02" } }"""));

    [Fact]
    public void Check_EtcdWithoutNodeList_TakesAnyNodeId() =>
        Loading.Good("""{ "store": "etcd", "etcd": { "endpoints": ["a"] }, "pins": { "ff84e1a1": "dtable-server-77" } }""");

    [Theory]
    [InlineData("BUCKETPROXY_PINS", "ff84=dtable-server-01", "BUCKETPROXY_PINS: ff84: is not allowed; allowed: a whole UUID, or its first 8 or more hex digits, dashed or not.")]
    [InlineData("BUCKETPROXY_PINS", "ff84e1a1=dtable-server-09", "BUCKETPROXY_PINS: ff84e1a1: \"dtable-server-09\" is not among the nodes; known: dtable-server-01.")]
    [InlineData("bucketproxy_pins", "ff84e1a1=dtable-server-01,FF84E1A1=dtable-server-01", "bucketproxy_pins: ff84e1a1: names the same bases as 'FF84E1A1'; allowed: one pin for each.")]
    [InlineData("BUCKETPROXY_PINS", "ff84e1a1", "BUCKETPROXY_PINS: \"ff84e1a1\" is not allowed; allowed: NAME=VALUE, several with commas.")]
    [InlineData("BUCKETPROXY_MONITOR", "off", "BUCKETPROXY_MONITOR: \"off\" is not allowed with \"store\": \"embedded\": nobody else's monitor can write to it; allowed: 'on'.")]
    public void Check_WhatOneVariableSaysInOneText_IsReportedByTheVariablesName(string variable, string value, string expected) =>
        Assert.Equal(
            ["environment: " + expected],
            Loading.Errors($$"""{ {{Loading.OneNode}}, "pins": { "00112233": "dtable-server-01", "ff84e1a1": "dtable-server-01" }, "monitor": { "mode": "on" } }""", (variable, value)));

    [Fact]
    public void Check_ARangeOfOneText_IsReportedByTheVariablesName()
    {
        var errors = Loading.Errors(
            $$"""{ {{Loading.OneNode}} }""", ("BUCKETPROXY_PLACEMENT", "static"), ("BUCKETPROXY_PLACEMENT__RANGES", "00-ff=dtable-server-09"));
        Assert.Equal(["environment: BUCKETPROXY_PLACEMENT__RANGES: 00-ff: \"dtable-server-09\" is not among the nodes; known: dtable-server-01."], errors);
    }

    [Fact]
    public void Check_APinOfTheCommandLine_IsReportedByTheFlagsName()
    {
        var loaded = Loading.Layers([("a.json", $$"""{ {{Loading.OneNode}} }""")], [], [("pins", "ff84=dtable-server-01")]);
        Assert.Equal(
            ["command line: pins: ff84: is not allowed; allowed: a whole UUID, or its first 8 or more hex digits, dashed or not."],
            loaded.Errors.Select(e => e.ToString()));
    }
}
