using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.LocalState;
using BucketProxy.Cluster.Tests.Durability;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Cluster.Tests.LocalState;

public sealed class StateDirectoryTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Open_InUse_NamesTheHolder()
    {
        using var directory = new TemporaryDirectory();
        using var held = StateDirectory.Open(directory.Path, "one", _time);
        var error = Assert.Throws<DirectoryLockedException>(() => StateDirectory.Open(directory.Path, "two", _time));
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AfterOthers_KnowsThemUntilTheyAreForgotten()
    {
        using var directory = new TemporaryDirectory();
        using (var first = StateDirectory.Open(directory.Path, "one", _time))
            Assert.Empty(first.Predecessors);
        using (var second = StateDirectory.Open(directory.Path, "two", _time))
            Assert.Equal(["one"], second.Predecessors);
        using (var third = StateDirectory.Open(directory.Path, "three", _time))
        {
            Assert.Equal(["one", "two"], third.Predecessors);
            third.ForgetPredecessors();
            Assert.Empty(third.Predecessors);
        }
        using var fourth = StateDirectory.Open(directory.Path, "four", _time);
        Assert.Equal(["three"], fourth.Predecessors);
    }

    [Fact]
    public void Open_CrashAtAnyOperation_NeverLosesAPredecessor()
    {
        for (var crash = 1; crash <= 12; crash++)
        {
            var disk = new SimulatedDisk();
            using (StateDirectory.Open(disk, "one"))
            {
            }
            disk.CrashAt = disk.Operations + crash;
            try
            {
                using var second = StateDirectory.Open(disk, "two");
            }
            catch (IOException)
            {
                // The crash.
            }
            for (var seed = 0; seed < 5; seed++)
            {
                using var third = StateDirectory.Open(disk.AfterCrash(new Random(seed)), "three");
                Assert.Equal("one", third.Predecessors[0]);
            }
        }
    }

    [Fact]
    public void Open_ListDamaged_Refuses()
    {
        var disk = new SimulatedDisk();
        using (StateDirectory.Open(disk, "one"))
        {
        }
        var list = disk.Read("instances")!;
        list[^1] ^= 1;
        disk.Overwrite("instances", list);
        Assert.Throws<InvalidDataException>(() => StateDirectory.Open(disk, "two"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public void Open_InstanceThatCannotBeListed_Refuses(string instance)
    {
        using var directory = new TemporaryDirectory();
        Assert.ThrowsAny<ArgumentException>(() => StateDirectory.Open(directory.Path, instance, _time));
    }
}
