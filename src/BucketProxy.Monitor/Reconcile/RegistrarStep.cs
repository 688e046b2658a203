using BucketProxy.Cluster.Store;
using BucketProxy.Core.Nodes;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>
/// Registers configured nodes on their behalf while they answer, and takes a registration of ours away once its node has
/// failed its pings for long, as this leader counted. Without a lease: a monitor's death must not look like a node's.
/// </summary>
internal static class RegistrarStep
{
    public static void Run(Turn turn)
    {
        foreach (var card in turn.Nodes.All)
        {
            // Its gate registers it, under the lease by which its server's death is known (G8): a registration without one would outlive the server.
            if ((card.Gate is not null || card.IsGated) && !turn.Has(Mutations.RegisterGated))
                continue;
            var watch = turn.State.Nodes[card.Id];
            var registered = turn.View.Nodes.GetValueOrDefault(card.Id);
            if (registered is null && card.Configured is { Register: true, LocalNodeUrl: not null } node)
            {
                if (watch.Answers && !turn.IsWriting(Subject(card)))
                {
                    turn.Write(Subject(card), $"{card.Id} answers: registered", [Comparison.Absent(turn.Keys.Node(card.Id)), .. NoGate(turn, card)],
                        StoreOperation.PutText(turn.Keys.Node(card.Id), Registration.Of(node).ToJson()));
                }
            }
            else if (registered is { RegisteredByUs: true } && card.Configured is { Register: true } changed && !Agree(registered, changed)
                && !turn.IsWriting(Subject(card)))
            {
                turn.Write(Subject(card), $"{card.Id} is configured otherwise now: registered anew",
                    [Comparison.CreatedAt(turn.Keys.Node(card.Id), registered.CreateRevision), .. NoGate(turn, card)],
                    StoreOperation.PutText(turn.Keys.Node(card.Id), Registration.Of(changed).ToJson()));
            }
            // Static placement never fails over, so there the registration stays.
            else if (registered is { RegisteredByUs: true } && !turn.Options.IsStatic && watch.FailingSince is { } failing
                && turn.Passed(failing + turn.Options.RegistrationTimeout) && !turn.IsWriting(Subject(card)))
            {
                turn.Write(Subject(card),
                    $"{card.Id} did not answer for {turn.Options.RegistrationTimeout.TotalSeconds} s: registration removed",
                    [Comparison.CreatedAt(turn.Keys.Node(card.Id), registered.CreateRevision), .. NoGate(turn, card)],
                    StoreOperation.DeleteKey(turn.Keys.Node(card.Id)));
            }
        }
    }

    // Also not one that has come meanwhile.
    private static IEnumerable<Comparison> NoGate(Turn turn, NodeCard card) =>
        turn.Has(Mutations.RegisterGated) ? [] : [Comparison.Absent(turn.Keys.Gate(card.Id))];

    private static bool Agree(NodeRecord registered, NodeOptions configured)
    {
        var wanted = Registration.Of(configured);
        return registered.LocalUrlText == wanted.LocalNodeUrl && registered.NodeUrl == wanted.NodeUrl;
    }

    private static string Subject(NodeCard card) => "node/" + card.Id;
}
