using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Composition;

/// <summary>SQLite is in the memory of those who use it, and of nobody else.</summary>
public sealed class StoreLibraryTests
{
    [Theory]
    [InlineData("\"store\": \"embedded\", \"nodes\": [ { \"id\": \"dtable-server-01\", \"local_node_url\": \"http://127.0.0.1:1\" } ]", true)]
    [InlineData("\"store\": \"etcd\", \"etcd\": { \"endpoints\": [\"127.0.0.1:1\"] }", false)]
    public async Task Serve_LoadsSqlite_OnlyForTheEmbeddedStore(string store, bool loads)
    {
        using var folder = new TemporaryDirectory();
        var file = folder.Combine("config.json");
        await File.WriteAllTextAsync(file, $$"""
            { {{store}}, "dataDirectory": "{{folder.Combine("data")}}", "data": { "listen": "127.0.0.1:0" }, "admin": { "listen": "127.0.0.1:0" } }
            """);
        await using var serve = ChildProcess.StartBucketProxy("serve", "serve", "--config", file);
        await serve.LineAsync("instance ");

        var files = await File.ReadAllTextAsync($"/proc/{await serve.Pid}/maps");

        Assert.Contains("BucketProxy.Cluster.dll", files, StringComparison.Ordinal);
        Assert.Equal(loads, files.Contains("e_sqlite3", StringComparison.Ordinal));
        Assert.Equal(loads, files.Contains("Microsoft.Data.Sqlite", StringComparison.Ordinal));
        await serve.TerminateAsync();
    }
}
