using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Simulation;

/// <summary>Where the server is not the gate's: the keys of a gate that ran in this place before, as <see cref="GateRegistration"/> takes them over.</summary>
internal sealed partial class GateActor
{
    private const string TakeOverSubject = "gate-takeover";

    // Another process in this place is dead for certain: there is one at a time.
    private bool IsPredecessor(string instance) => Enumerable.Range(1, Run - 1).Any(run => instance == $"gate-{Index}-{run}");

    private void OnTaken(World world, StoreEntry? gate, StoreEntry? node)
    {
        if (gate is null || RecordJson.Read<GateRecord>(gate.Value.Span) is not { Supervised: false } before || !IsPredecessor(before.Instance))
        {
            Refused(world);
            return;
        }
        // The server is the one that it was: both keys go on under the new lease.
        var operations = new List<StoreOperation>
        {
            StoreOperation.PutText(gate.Key, RecordJson.Write(First(world) with { Incarnation = before.Incarnation }), _lease),
        };
        if (node is not null)
            operations.Add(new PutOperation(node.Key, node.Value, _lease));
        world.Call(this, new WriteCall(TakeOverSubject, new StoreTransaction
        {
            Comparisons =
            [
                Comparison.ModifiedAt(gate.Key, gate.ModRevision),
                Comparison.ModifiedAt(world.Keys.Node(Of(world).Id), node?.ModRevision ?? 0),
            ],
            Success = operations,
        }, 0, gate.CreateRevision));
    }

    private void Refused(World world)
    {
        DropLease(world);
        Wrote(world, new GateRefused("another's stands there"));
    }
}
