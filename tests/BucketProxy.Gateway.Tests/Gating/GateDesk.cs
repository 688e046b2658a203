using System.Collections.Immutable;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Gating;

namespace BucketProxy.Gateway.Tests.Gating;

/// <summary>One gate's decisions, one after the other, in a world that a test makes by hand.</summary>
internal sealed class GateDesk
{
    public const string Node = "dtable-server-01";
    public static readonly Bucket B = new(0x0f);
    private readonly List<GateEvent> _events = [];
    private long _revision = 10;

    public GateDesk(GateAgentOptions? options = null) => Options = options ?? OptionsOf();

    public GateAgentOptions Options { get; }

    public GateState State { get; private set; } = new();

    public TimeSpan Now { get; set; }

    public TimeSpan? Lease { get; set; } = TimeSpan.FromSeconds(20);

    public bool IsServing { get; set; } = true;

    public bool RunIsSilent { get; set; }

    public ImmutableSortedDictionary<string, long> Silent { get; set; } = ImmutableSortedDictionary<string, long>.Empty;

    public GateMutations Mutations { get; set; }

    public ClusterView View { get; private set; } = new() { ClusterId = 1, Revision = 1 };

    public static GateAgentOptions OptionsOf(ReleaseMode release = ReleaseMode.Restart, bool supervised = true) => new()
    {
        Instance = "g1",
        NodeId = Node,
        Server = new Uri("http://127.0.0.1:5000"),
        LocalNodeUrl = "http://one:5551",
        NodeUrl = "https://one.example.com",
        Release = release,
        Supervised = supervised,
    };

    /// <summary>What happens before the next decision.</summary>
    public GateDesk Happens(GateEvent e)
    {
        _events.Add(e);
        return this;
    }

    public GateDecision Decide()
    {
        var decision = GateParticipant.Decide(new GateInput
        {
            State = State,
            Events = [.. _events],
            Options = Options,
            Now = Now,
            View = View,
            LeaseRemaining = Lease,
            IsServing = IsServing,
            Silent = Silent,
            RunIsSilent = RunIsSilent,
            Mutations = Mutations,
        });
        _events.Clear();
        State = decision.State;
        return decision;
    }

    public GateDecision After(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        return Decide();
    }

    /// <summary>The store takes the record, and the view shows it, unless that is left out.</summary>
    public GateDesk Writes(GateDecision decision, bool shown = true)
    {
        Assert.NotNull(decision.Write);
        _revision++;
        if (shown)
            Show(decision.Write);
        return Happens(new GateWritten(decision.Write, _revision));
    }

    public void Show(GateRecord? record)
    {
        View = View with
        {
            Revision = ++_revision,
            Gates = record is null ? View.Gates.Remove(Node) : View.Gates.SetItem(Node, record with { CreateRevision = State.CreatedAt }),
        };
    }

    /// <summary>Begins a move off the node, or to it; returns its create-revision.</summary>
    public long Move(Bucket bucket, MoveReason reason = MoveReason.Drain, string from = Node)
    {
        View = View with
        {
            Revision = ++_revision,
            Moves = View.Moves.SetItem(bucket, new MoveRecord
            {
                Bucket = bucket,
                From = from,
                To = "dtable-server-02",
                Phase = MovePhase.Quiesce,
                Reason = reason,
                Epoch = 5,
                CreateRevision = _revision,
                ModRevision = _revision,
            }),
        };
        return _revision;
    }

    public void EndMove(Bucket bucket) => View = View with { Revision = ++_revision, Moves = View.Moves.Remove(bucket) };

    /// <summary>The gate falls silent about a move.</summary>
    public void FallsSilent(Bucket bucket, long move) => Silent = Silent.SetItem(bucket.ToString(), move);

    /// <summary>Creates the key, and has it shown.</summary>
    public GateDesk Registered()
    {
        Assert.True(Decide().Register);
        _revision++;
        Happens(new GateRegistered(_revision));
        return this;
    }

    /// <summary>Registers, starts run <paramref name="run"/>, has it answer and published, and the time of late saves go by.</summary>
    public GateDecision Opened(string run = "run1")
    {
        Registered();
        Assert.True(Decide().Start);
        Show(new GateRecord { Instance = "g1", Url = Options.LocalNodeUrl });
        return Answers(run);
    }

    /// <summary>A start that was asked for ends well.</summary>
    public GateDecision Answers(string run)
    {
        Happens(new ServerStarted(run, null)).Decide();
        Writes(Happens(new ServerAnswered(run)).Decide());
        Now += Options.LateSaveTime;
        return Decide();
    }
}
