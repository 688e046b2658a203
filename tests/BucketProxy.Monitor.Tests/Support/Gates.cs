using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>What gates write, by hand.</summary>
internal static class Gates
{
    /// <summary>How long a save of a dead server can still land, as the gates here say.</summary>
    public const double LateSave = 3;

    /// <summary>A gate comes: its key stands, its server does not run yet.</summary>
    public static void GateComes(this World world, string id, ReleaseMode release = ReleaseMode.Call, bool supervised = true) =>
        world.Put(world.Keys.Gate(id), RecordJson.Write(new GateRecord
        {
            Instance = "gate-of-" + id,
            Url = "http://" + id,
            Supervised = supervised,
            Release = release,
            LeaseSeconds = 10,
            LateSaveSeconds = LateSave,
        }));

    /// <summary>The server answers: one transaction publishes its run and registers it.</summary>
    public static void ServerRuns(this World world, string id, string incarnation = "t1")
    {
        var gate = world.View.Gates[id];
        world.Store.Commit(new StoreTransaction
        {
            Success =
            [
                StoreOperation.PutText(world.Keys.Gate(id), RecordJson.Write(gate with { Incarnation = incarnation })),
                StoreOperation.PutText(world.Keys.Node(id),
                    $$"""{"local_node_url":"http://{{id}}","node_url":"http://x","start_time":"{{incarnation}}","gate":"{{(gate.Supervised ? "supervised" : "unsupervised")}}"}"""),
            ],
        });
        world.Answering.Add(id);
    }

    /// <summary>A gate with a server that runs.</summary>
    public static void Gated(this World world, string id, ReleaseMode release = ReleaseMode.Call, bool supervised = true)
    {
        world.GateComes(id, release, supervised);
        world.ServerRuns(id);
    }

    /// <summary>Whether a write changes an owner.</summary>
    public static bool Grants(World world, WriteAction write) =>
        write.Transaction.Success.OfType<PutOperation>().Any(p => p.Key.StartsWith(world.Keys.Assignments, StringComparison.Ordinal));

    public static void Change(this World world, string id, Func<GateRecord, GateRecord> change) =>
        world.Put(world.Keys.Gate(id), RecordJson.Write(change(world.View.Gates[id])));

    /// <summary>The server's process ends, and the gate says so. The registration stays.</summary>
    public static void Exits(this World world, string id)
    {
        world.Answering.Remove(id);
        world.Change(id, g => g with { Exited = g.Incarnation });
    }

    /// <summary>The gate's lease ends: both keys go together.</summary>
    public static void GateLost(this World world, string id) => world.Store.Commit(new StoreTransaction
    {
        Success = [StoreOperation.DeleteKey(world.Keys.Gate(id)), StoreOperation.DeleteKey(world.Keys.Node(id))],
    });

    /// <summary>The gate has nothing of the bucket in flight any more.</summary>
    public static void Silent(this World world, string id, int bucket, long? move = null)
    {
        var name = new Bucket((byte)bucket).ToString();
        var revision = move ?? world.Move(bucket)!.CreateRevision;
        if (world.View.Gates[id].Silent.GetValueOrDefault(name) != revision)
            world.Change(id, g => g with { Silent = g.Silent.SetItem(name, revision) });
    }

    /// <summary>The gate is silent, and the server has let go.</summary>
    public static void Release(this World world, string id, int bucket, long? move = null)
    {
        world.Silent(id, bucket, move);
        var name = new Bucket((byte)bucket).ToString();
        var revision = move ?? world.Move(bucket)!.CreateRevision;
        if (world.View.Gates[id].Released.GetValueOrDefault(name) != revision)
            world.Change(id, g => g with { Released = g.Released.SetItem(name, revision) });
    }
}
