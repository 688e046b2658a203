using BucketProxy.Configuration;

namespace BucketProxy.Tests.Configuration;

public sealed class SeaTableFileTests
{
    [Theory]
    [InlineData("""{ "cluster_config": { "etcd_host_list": ["etcd-01.example.com:2379", "etcd-02.example.com"], /* servers */ "node_id": "x", }, "private_key": "y" }""")]
    [InlineData("""{ "cluster_config": { "etcd_host": "etcd-01.example.com:2379, etcd-02.example.com" } }""")]
    [InlineData("""{ "cluster_config": { "etcd_host_list": "etcd-01.example.com:2379,etcd-02.example.com" } }""")]
    [InlineData("""{ "cluster_config": { "etcd_host": ["etcd-01.example.com:2379", "etcd-02.example.com"], "etcd_host_list": null } }""")]
    public void Load_SeaTablesOwnFile_IsEnough(string json)
    {
        var settings = Loading.Good(json);
        Assert.Equal(StoreKind.Etcd, settings.Store);
        Assert.Equal<string>(["etcd-01.example.com:2379", "etcd-02.example.com"], settings.Etcd.Endpoints);
    }

    [Fact]
    public void Load_WithoutEtcd_SaysWhatItMustName() =>
        Assert.Equal(
            ["test.json: cluster_config.etcd_host_list: is missing: a SeaTable file must name the etcd members here (older ones: cluster_config.etcd_host)"],
            Loading.Errors("""{ "cluster_config": { "etcd_hosts": ["a"] } }"""));

    [Theory]
    [InlineData("2379", "cluster_config.etcd_host_list: \"2379\" is a number; a list of texts is expected, each host or host:port.")]
    [InlineData("true", "cluster_config.etcd_host_list: \"true\" is a switch; a list of texts is expected, each host or host:port.")]
    [InlineData("""{"host":"a"}""", "cluster_config.etcd_host_list: is a section; a list of texts is expected, each host or host:port.")]
    [InlineData("""["a", 2379]""", "cluster_config.etcd_host_list[1]: \"2379\" is a number; text is expected: host or host:port.")]
    [InlineData("""["a", null]""", "cluster_config.etcd_host_list[1]: is null; text is expected: host or host:port.")]
    [InlineData("""[["a"]]""", "cluster_config.etcd_host_list[0]: is a list; text is expected: host or host:port.")]
    public void Load_EtcdsMembersOfAnotherType_AreRefusedWithTheTypeExpected(string value, string expected) =>
        Assert.Equal(["test.json: " + expected], Loading.Errors($$"""{ "cluster_config": { "etcd_host_list": {{value}} } }"""));

    [Theory]
    [InlineData("\"etcd-01\"", "cluster_config: \"etcd-01\" is text; a section is expected: { … }.")]
    [InlineData("[\"etcd-01\"]", "cluster_config: is a list; a section is expected: { … }.")]
    public void Load_TheSectionOfAnotherType_IsRefusedWithTheTypeExpected(string value, string expected) =>
        Assert.Equal(["test.json: " + expected], Loading.Errors($$"""{ "cluster_config": {{value}} }"""));

    [Fact]
    public void Load_TheSectionTwice_IsRefusedWithBothLines() =>
        Assert.Equal(
            ["test.json: cluster_config: stands in line 2 and again in line 4; allowed: once."],
            Loading.Errors("""
                {
                  "cluster_config": { "etcd_host_list": ["a"] },
                  "private_key": "x",
                  "cluster_config": { "node_id": "b" }
                }
                """));

    [Fact]
    public void Load_WhatDoesNotConcernUsTwice_IsNoError() =>
        Loading.Good("""{ "private_key": "x", "private_key": 7, "cluster_config": { "etcd_host": "a", "node_id": 1, "node_id": 2 } }""");
}
