using System.Text.Json;

namespace BucketProxy.Tests.Deployment;

/// <summary>What the program asks of the runtime, as it is written beside it.</summary>
public sealed class RuntimeTests
{
    // Not seen from outside but by what it costs (docs/performance.md): a program without it works all the same.
    [Fact]
    public void Program_IdleThreadsOfThePool_SleepAtOnce()
    {
        using var settings = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "bucketproxy.runtimeconfig.json")));

        var spins = settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit");

        Assert.Equal(0, spins.GetInt32());
    }
}
