using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Simulation;

/// <summary>One request that a proxy has sent and that has not ended.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Base">Its base.</param>
/// <param name="Entry">The entry that it went by.</param>
/// <param name="Attempt">How often it was tried.</param>
/// <param name="Marked">At a gate: the proxy or gate that it came from; null: a client, or it is a proxy's.</param>
internal sealed record InFlight(int Number, BaseId Base, RoutingEntry Entry, int Attempt, ActorRef? Marked = null)
{
    /// <summary>The run of the gate's own server that it is bound to (G2); null: it went to another node.</summary>
    public string? Run => Entry.Owner?.Incarnation;
}

/// <summary>The requests of a proxy, and those that a gate admits to its own server.</summary>
internal sealed partial class ProxyActor
{
    private static readonly TimeSpan ResendAfter = TimeSpan.FromMilliseconds(300);
    private const int Attempts = 3;

    /// <summary>A client's request. False: held.</summary>
    public bool TryForward(World world, int number, BaseId id, int attempt = 1) => Look(world, number, id, attempt, marked: null);

    private bool Look(World world, int number, BaseId id, int attempt, ActorRef? marked)
    {
        var entry = Published.Find(id);
        var isOpen = Up && entry.State == EntryState.Open;
        if (isOpen && entry.Owner!.Incarnation is not null)
        {
            world.Send(new Admission(Ref, number, entry, id, attempt, marked), Hop.Admit);
            return true;
        }
        if (marked is { } sender)
        {
            // 421: nothing was sent. Sent again, it may find another owner.
            world.Send(new RequestEnded(sender, number, Unanswered: true, Reached: false) { Told = Published.Revision }, Hop.Request);
            return false;
        }
        if (!isOpen)
            return false;
        var node = world.NodeIndex(entry.Owner!.Id);
        world.Truth.OnSend(world, this, id, node);
        InFlight = InFlight.Add(new InFlight(number, id, entry, attempt));
        world.Send(new ForwardedRequest(Ref, number, id, node) { IsGated = world.Nodes[node] is GatedNode }, Hop.Request);
        return true;
    }

    /// <summary>A request that a proxy or another gate has sent here.</summary>
    public void OnMarked(World world, ForwardedRequest request) => Look(world, request.Number, request.Base, 1, request.From);

    /// <summary>G1: counted in, then the table is read again, then the lease is looked at.</summary>
    public void Admit(World world, Admission admission)
    {
        var mutation = world.Options.Mutation;
        var entry = admission.Entry;
        if (!ReferenceEquals(Published.Find(admission.Base), entry) && (mutation.World & WorldMutations.AdmitWithoutRereading) == 0)
        {
            Look(world, admission.Number, admission.Base, admission.Attempt, admission.Marked);
            return;
        }
        if (!world.Gates[gate!.Value].LeaseIsValid(world) && (mutation.Gate & GateMutations.AdmitWithoutLease) == 0)
        {
            if (admission.Marked is { } sender)
                world.Send(new RequestEnded(sender, admission.Number, Unanswered: true, Reached: false) { Told = Published.Revision }, Hop.Request);
            return;
        }
        InFlight = InFlight.Add(new InFlight(admission.Number, admission.Base, entry, admission.Attempt, admission.Marked));
        world.Send(new RunRequest(Ref, admission.Number, admission.Base, entry.Owner!.Incarnation!), Hop.Admit);
    }

    /// <param name="world">The world.</param>
    /// <param name="ended">How it ended.</param>
    public void OnEnded(World world, RequestEnded ended)
    {
        var request = InFlight.Find(f => f.Number == ended.Number);
        InFlight = InFlight.RemoveAll(f => f.Number == ended.Number);
        if (request?.Marked is { } sender)
            world.Send(ended with { To = sender, Told = Published.Revision }, Hop.Request);
        // S4: what a server may have got is not sent again. What was refused is, wherever the base is by then.
        else if (request is { Attempt: < Attempts } && ended.Unanswered
            && (!ended.Reached || (world.Options.Mutation.World & WorldMutations.SendAgain) != 0))
            world.Send(new Resend(Ref, ended.Number, request.Base, request.Attempt + 1, ended.Told), ResendAfter);
        Step(world);
        if (gate is { } its)
            world.Gates[its].DecideSoon(world);
    }

    /// <summary>It was frozen past the time by which it had to stop, and has not come round to stopping yet.</summary>
    public bool IsOverdue(World world) =>
        gate is not null && State.Phase == Gateway.Participation.ProxyPhase.Serving && !(LeaseRemaining(world) > Margin);

    /// <summary>Whether anything is in flight to a run of the gate's own server.</summary>
    public bool IsBusyWith(string run) => InFlight.Any(f => f.Run == run);

    /// <summary>Closes every connection: what a node still works on ends there.</summary>
    private void Abort(World world)
    {
        foreach (var request in InFlight)
        {
            if (request.Run is { } run)
                world.RunOf(run)?.Abort(request.Base, request.Number);
            else
                world.Nodes[world.NodeIndex(request.Entry.Owner!.Id)].Abort(request.Base, request.Number);
            // Whoever sent it here cannot know how far it came.
            if (request.Marked is { } sender)
                world.Send(new RequestEnded(sender, request.Number, Unanswered: true, Reached: true), Hop.Request);
        }
        InFlight = [];
    }
}
