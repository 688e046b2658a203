using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;

namespace BucketProxy.Simulation;

/// <summary>A proxy's own keys.</summary>
internal sealed partial class ProxyActor
{
    private void Register(World world)
    {
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(world.Keys.Proxy(Instance), RecordJson.Write(Record())),
            StoreOperation.PutText(world.Keys.Alive(Instance), "", _lease),
        };
        if (!State.KeepsPredecessors)
            operations.AddRange(DeletePredecessors(world));
        Flush();
        world.Call(this, new WriteCall("register", new StoreTransaction { Success = operations }, 0, State.Silent));
    }

    private IEnumerable<StoreOperation> DeletePredecessors(World world) => Predecessors.SelectMany(predecessor =>
        new[] { StoreOperation.DeleteKey(world.Keys.Proxy(predecessor)), StoreOperation.DeleteKey(world.Keys.Alive(predecessor)) });

    private ProxyRecord Record() => new()
    {
        OnStoreLoss = mode,
        LeaseSeconds = LeaseTime.TotalSeconds,
        Silent = State.Silent,
    };
}
