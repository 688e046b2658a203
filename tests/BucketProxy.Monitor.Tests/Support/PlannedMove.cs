using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>How every test of planned moves begins: the node that has everything is drained, and another is there to take it.</summary>
internal static class PlannedMove
{
    /// <summary>The node that is drained.</summary>
    public const string A = "dtable-server-a";

    /// <summary>The node that takes its buckets.</summary>
    public const string T = "dtable-server-t";

    public static World Draining(ReleaseMode mode, int buckets = 4)
    {
        var world = new World(new MonitorOptions
        {
            Nodes =
            [
                new NodeOptions
                {
                    Id = A, LocalNodeUrl = "http://" + A, Register = false, Release = mode, RestartCommand = ["systemctl", "restart", "{node}"],
                },
            ],
        }, buckets);
        world.Register(A);
        for (var b = 0; b < buckets; b++)
            world.Assign(b, A);
        world.Proxy("p1");
        world.Settle();
        world.Register(T);
        world.Settle();
        world.Actions.Clear();
        world.Releases[A] = null;
        world.Policy(A, new NodePolicy { Draining = true });
        return world;
    }
}
