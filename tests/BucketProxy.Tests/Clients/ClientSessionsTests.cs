using BucketProxy.Testing;
using BucketProxy.Testing.Processes;

namespace BucketProxy.Tests.Clients;

/// <summary>
/// The sessions of real clients in <c>tests/clients</c> (socket.io 2 and 4, seatable-api), through the program as operators start it.
/// </summary>
public sealed class ClientSessionsTests : IDisposable
{
    private static readonly string Folder = Repository.File("tests", "clients");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bucketproxy-clients-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Sessions_ThroughTheProxy_AllPass()
    {
        var (code, output) = await RunAsync(first: "0-7", second: "8-f");

        Assert.True(code == 0, output);
        Assert.Matches(@"[1-9][0-9]* passed, 0 failed", output);
    }

    /// <summary>The sessions can fail: a proxy that routes to the wrong node fails those that look who served.</summary>
    [Fact]
    public async Task Sessions_ThroughAProxyThatRoutesToTheWrongNode_Fail()
    {
        var (code, output) = await RunAsync(first: "8-f", second: "0-7", "--only", "every base is joined", "--timeout", "5000");

        Assert.Equal(1, code);
        Assert.Contains("does not own", output, StringComparison.Ordinal);
        Assert.Matches(@"0 passed, [1-9][0-9]* failed", output);
    }

    private async Task<(int Code, string Output)> RunAsync(string first, string second, params string[] more)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            Assert.Fail("The npm packages of tests/clients are not installed. Run tests/run.sh, or 'npm ci' in tests/clients; both need Node.js 18 or later and npm.");
        var url = Path.Combine(_directory.FullName, "proxy-url");
        await using var nodes = ChildProcess.Start("nodes", ["node", "sessions.js", "--proxy-file", url, .. more], Folder);
        var ports = (await nodes.LineAsync("ready ")).Split(',');
        var settings = Path.Combine(_directory.FullName, "settings.json");
        await File.WriteAllTextAsync(settings, $$"""
            {
              "store": "embedded",
              "dataDirectory": "{{_directory.FullName}}/data",
              "nodes": [
                { "id": "dtable-server-01", "local_node_url": "http://127.0.0.1:{{ports[0]}}" },
                { "id": "dtable-server-02", "local_node_url": "http://127.0.0.1:{{ports[1]}}" },
              ],
              "placement": { "mode": "static", "ranges": { "{{first}}": "dtable-server-01", "{{second}}": "dtable-server-02" } },
              "data": { "listen": "127.0.0.1:0" },
              "admin": { "listen": "127.0.0.1:0" },
            }
            """);
        await using var proxy = ChildProcess.StartBucketProxy("proxy", "serve", "--config", settings);
        await File.WriteAllTextAsync(url + ".tmp", await proxy.LineAsync("data port: "));
        File.Move(url + ".tmp", url);
        var code = await nodes.ExitAsync(Patience.Limit * 10);
        return (code, code == 0 ? nodes.Output : $"{nodes.Output}\nThe proxy wrote:\n{proxy.Output}");
    }
}
