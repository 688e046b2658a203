using System.Diagnostics;

namespace BucketProxy.Tests.Cluster;

/// <summary>The documented script: three etcd members, three dtable-servers, two proxies, all of them real processes.</summary>
public class LocalClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task LocalCluster_ThousandBases_AreServedByTheOwnerThatAnotherClientReads()
    {
        var start = new ProcessStartInfo(Repository.File("config", "local-cluster.sh"), ["--check"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // 11901-11903, 12450-12456 and 30690-30695: below the kernel's range for outgoing connections, beside FreePort's.
        start.Environment["CLUSTER_PORTS"] = "6900";
        start.Environment["CLUSTER_PROGRAM"] = typeof(BucketProxy.Composition.Instance).Assembly.Location;
        using var script = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        var output = script.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = script.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await script.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!script.HasExited)
                script.Kill(entireProcessTree: true);
        }
        Assert.True(script.ExitCode == 0, $"{await output}\n{await errors}");
        Assert.Contains("1000 of 1000 bases", await output, StringComparison.Ordinal);
    }
}
