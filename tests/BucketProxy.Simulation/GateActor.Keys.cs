using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Simulation;

/// <summary>A gate's keys and its lease, as <see cref="GateRegistration"/> keeps them.</summary>
internal sealed partial class GateActor
{
    private const string RegisterSubject = "gate-register";
    private const string WriteSubject = "gate-write";
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private long _lease;
    private TimeSpan _renewedAt;
    private long _createdAt;
    private long _modifiedAt;
    private bool _writing;

    private GateAgentOptions Options(World world) => world.Options.Gate with
    {
        Instance = Instance,
        NodeId = Of(world).Id,
        LocalNodeUrl = "http://" + Of(world).Id,
        Supervised = Of(world).Supervised,
        Release = Of(world).Mode,
    };

    private void ForgetKeys()
    {
        (_lease, _createdAt, _modifiedAt) = (0, 0, 0);
        _writing = false;
    }

    private TimeSpan? LeaseRemaining(World world) =>
        _lease == 0 ? null : world.Options.Gate.LeaseTimeToLive - (Local(world) - _renewedAt);

    // G4: counted from the sending of the last renewal that was acknowledged. When its own clock shows it, all must be dead.
    private TimeSpan Deadline(World world)
    {
        if (LeaseRemaining(world) is not { } left)
            return (world.Options.Mutation.Gate & GateMutations.StartWithoutLease) != 0 ? TimeSpan.MaxValue : TimeSpan.Zero;
        return (world.Options.Mutation.Gate & GateMutations.StartWithoutLease) != 0 && left <= world.Options.Gate.Margin
            ? TimeSpan.MaxValue
            : world.Now + (left - world.Options.Gate.Margin) / Rate;
    }

    public void Renew(World world)
    {
        if (_lease != 0)
            world.Call(this, new RenewLeaseCall(_lease, Local(world)));
    }

    private void DropLease(World world)
    {
        if (_lease != 0)
            world.Call(this, new RevokeLeaseCall(_lease));
        _lease = 0;
    }

    private void CarryOut(World world, GateDecision decision)
    {
        if (_writing)
            return;
        if (decision.Register)
        {
            _writing = true;
            DropLease(world);
            world.Call(this, new GrantLeaseCall(world.Options.Gate.LeaseTimeToLive, Local(world)));
        }
        else if (decision.Write is { } record)
        {
            _writing = true;
            Write(world, new Wish(record, decision.Publishes));
        }
    }

    /// <summary>What is to be written, also if it must be read first what became of the write before.</summary>
    private sealed record Wish(GateRecord Record, bool Publishes);

    /// <summary>Whether it is this gate's word, on its way, that something is silent.</summary>
    public bool TellsSilence(Message message) =>
        message is StoreRequest { Call: WriteCall { Note: Wish { Record.Silent.Count: > 0 } } } request && request.From == Ref;

    private void Write(World world, Wish wish)
    {
        if (_lease == 0)
        {
            Wrote(world, new GateOverwritten());
        }
        else if (_modifiedAt == 0 && (world.Options.Mutation.Gate & GateMutations.TellExitBlindly) == 0 && (world.Options.Mutation.World & WorldMutations.WriteBehindOwn) == 0)
        {
            world.Call(this, new ReadKeyCall(world.Keys.Gate(Of(world).Id), wish));
        }
        else
        {
            var transaction = Writing(world, wish.Record, wish.Publishes);
            _modifiedAt = 0;
            world.Call(this, new WriteCall(WriteSubject, transaction, 0, wish));
        }
    }

    private GateRecord First(World world)
    {
        var options = Options(world);
        return new GateRecord
        {
            Instance = Instance,
            Url = options.LocalNodeUrl,
            Supervised = options.Supervised,
            Release = options.Release,
            LeaseSeconds = options.LeaseTimeToLive.TotalSeconds,
            LateSaveSeconds = options.LateSaveTime.TotalSeconds,
            SaveSeconds = options.SaveTime.TotalSeconds,
        };
    }

    private void Register(World world)
    {
        var (key, registration) = (world.Keys.Gate(Of(world).Id), world.Keys.Node(Of(world).Id));
        world.Call(this, new WriteCall(RegisterSubject, new StoreTransaction
        {
            // G7: never over another's.
            Comparisons = (world.Options.Mutation.Gate & GateMutations.RegisterOverOthers) != 0 ? [] : [Comparison.Absent(key), Comparison.Absent(registration)],
            Success = [StoreOperation.PutText(key, RecordJson.Write(First(world)), _lease)],
        }, 0));
    }

    private StoreTransaction Writing(World world, GateRecord record, bool publishes)
    {
        var options = Options(world);
        var operations = new List<StoreOperation> { StoreOperation.PutText(world.Keys.Gate(options.NodeId), RecordJson.Write(record), _lease) };
        if (publishes)
        {
            var (gate, start) = options.Supervised ? ("supervised", $"\"start-{record.Incarnation}\"") : ("unsupervised", "null");
            operations.Add(StoreOperation.PutText(world.Keys.Node(options.NodeId),
                $$"""{"local_node_url":"{{options.LocalNodeUrl}}","node_url":"http://x","start_time":{{start}},"gate":"{{gate}}","follows_pins":true}""", _lease));
        }
        return new StoreTransaction
        {
            // G8: over nothing but what this gate last knew to be there, not even over a write of its own that it gave up.
            Comparisons = (world.Options.Mutation.Gate & GateMutations.TellExitBlindly) != 0 ? []
                : (world.Options.Mutation.World & WorldMutations.WriteBehindOwn) != 0 ? [Comparison.CreatedAt(world.Keys.Gate(options.NodeId), _createdAt)]
                : [Comparison.ModifiedAt(world.Keys.Gate(options.NodeId), _modifiedAt)],
            Success = operations,
        };
    }

    private void Wrote(World world, GateEvent e)
    {
        _writing = false;
        OnEvent(world, e);
    }

    public void OnReply(World world, StoreCall call, object? result)
    {
        switch (call)
        {
            case GrantLeaseCall grant:
                _lease = ((LeaseGrant)result!).LeaseId;
                _renewedAt = grant.SentAt;
                Register(world);
                break;
            case RenewLeaseCall renew when renew.Lease == _lease:
                if (result is null)
                    _lease = 0;
                else
                    _renewedAt = (world.Options.Mutation.World & WorldMutations.DeadlineFromAnswer) != 0 ? Local(world) : renew.SentAt;
                DecideSoon(world);
                break;
            case WriteCall { Subject: RegisterSubject }:
                if (result is TransactionResult { Succeeded: true } created)
                {
                    _createdAt = _modifiedAt = created.Revision;
                    Wrote(world, new GateRegistered(created.Revision));
                    break;
                }
                if (Of(world).Supervised)
                    Refused(world);
                else
                    world.Call(this, new ReadGateCall(world.Keys.Gate(Of(world).Id), world.Keys.Node(Of(world).Id)));
                break;
            case ReadGateCall:
                var (gate, registration) = ((StoreEntry?, StoreEntry?))result!;
                OnTaken(world, gate, registration);
                break;
            case WriteCall { Subject: TakeOverSubject } takeOver:
                if (result is not TransactionResult { Succeeded: true } taken)
                {
                    Refused(world);
                    break;
                }
                (_createdAt, _modifiedAt) = ((long)takeOver.Note!, taken.Revision);
                Wrote(world, new GateRegistered(taken.Revision));
                break;
            case WriteCall { Subject: WriteSubject } when result is null:
                OnFailed(world, call);
                break;
            case WriteCall { Subject: WriteSubject, Note: Wish wish }:
                if (result is TransactionResult { Succeeded: true } written)
                {
                    _modifiedAt = written.Revision;
                    Wrote(world, new GateWritten(wish.Record, written.Revision));
                    break;
                }
                Write(world, wish);
                break;
            case ReadKeyCall { Note: Wish next }:
                if (result is not StoreEntry own || own.CreateRevision != _createdAt)
                {
                    Wrote(world, new GateOverwritten());
                    break;
                }
                _modifiedAt = own.ModRevision;
                Write(world, next);
                break;
        }
    }

    public void OnFailed(World world, StoreCall call)
    {
        if (call is not (RenewLeaseCall or RevokeLeaseCall))
            world.Send(new Tick(Ref, "retry", 0), Retry);
    }

    public string Describe() => $"G{Index} run {Run} {(Up ? "up" : "down")} {Frozen} view {View?.Revision} lease {_lease} {_renewedAt} {_createdAt} {_modifiedAt} {_writing} {_deciding} "
        + $"{Wanted} [{string.Join(',', _events)}] {State.CreatedAt} {State.Written?.Incarnation}/{State.Written?.Exited} {State.PublishedAt} {State.Step} {State.Run} {State.Since} "
        + $"{State.Incarnation} {State.LastIncarnation} {State.Exited} {State.LateUntil} {State.NotBefore} {State.FailedStarts} {State.RestartedAt} {State.RestartTook} {State.StartTook} "
        + $"{string.Join(',', State.RestartFor)} {string.Join(',', State.Asked)} {string.Join(',', State.Released)} {string.Join(',', State.Failures)} "
        + $"{(State.Written is { } w ? $"{string.Join(',', w.Silent)} {string.Join(',', w.Released)} {w.RestartSeconds} {w.StartSeconds}" : "")}";
}
