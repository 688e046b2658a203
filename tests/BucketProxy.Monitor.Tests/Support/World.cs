using System.Collections.Immutable;
using BucketProxy.Cluster.Embedded;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Options;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Tests.Support;

/// <summary>
/// A store, nodes and proxies around the pure reconciler, moved by hand: every action is carried out at once unless a test
/// says otherwise, and time passes only by <see cref="Advance"/>.
/// </summary>
internal sealed class World
{
    private readonly List<MonitorEvent> _events = [];
    private readonly ViewBuilder _builder;

    public World(MonitorOptions? options = null, int buckets = 4)
    {
        Options = options ?? new MonitorOptions { Instance = "monitor-1" };
        _builder = new ViewBuilder(Keys);
        Buckets = [.. Bucket.All.Take(buckets)];
        Lead("monitor-1");
    }

    public KeySchema Keys { get; } = new();

    public StoreModel Store { get; } = new(0xB0C, 1);

    public MonitorOptions Options { get; set; }

    public ImmutableArray<Bucket> Buckets { get; }

    public Mutations Mutations { get; set; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    public long LeaderRevision { get; private set; }

    public MonitorState State { get; set; } = MonitorState.Begin(0);

    public string? NotAdopted { get; set; }

    /// <summary>Nodes that answer their pings.</summary>
    public HashSet<string> Answering { get; } = [];

    /// <summary>What a node answers to release calls and restarts: null is success. A node that is not in it does not answer.</summary>
    public Dictionary<string, string?> Releases { get; } = [];

    /// <summary>Proxies that fall silent at once.</summary>
    public HashSet<string> Quiet { get; } = [];

    /// <summary>Nodes whose gates fall silent and release at once.</summary>
    public HashSet<string> Releasing { get; } = [];

    /// <summary>Called between a decision and each of its writes; false: the write never gets to the store.</summary>
    public Func<WriteAction, bool>? BeforeWrite { get; set; }

    public List<MonitorAction> Actions { get; } = [];

    public ReconcileResult Last { get; private set; } = null!;

    public ClusterView View
    {
        get
        {
            var snapshot = Store.Read(Keys.Mirrored);
            return _builder.Apply(null, snapshot.ClusterId, snapshot.Revision,
                snapshot.Entries.Select(e => new WatchEvent(e.Key, e.ModRevision, e)));
        }
    }

    /// <summary>A leader takes over, with nothing but what is in the store.</summary>
    public void Lead(string instance)
    {
        Store.Commit(new StoreTransaction { Success = [StoreOperation.DeleteKey(Keys.Leader)] });
        Put(Keys.Leader, RecordJson.Write(new LeaderRecord(instance, null, 0)));
        LeaderRevision = Store.Find(Keys.Leader)!.CreateRevision;
        Options = Options with { Instance = instance };
        State = MonitorState.Begin(LeaderRevision);
        _events.Clear();
    }

    public void Put(string key, string text) =>
        Store.Commit(new StoreTransaction { Success = [StoreOperation.PutText(key, text)] });

    public void Delete(string key) => Store.Commit(new StoreTransaction { Success = [StoreOperation.DeleteKey(key)] });

    public void Register(string id, string? start = "t1", string? url = null, bool followsPins = true)
    {
        var time = start is null ? "" : $",\"start_time\":\"{start}\"";
        Put(Keys.Node(id), $$"""{"local_node_url":"{{url ?? "http://" + id}}","node_url":"http://x"{{time}}{{(followsPins ? ",\"follows_pins\":true" : "")}}}""");
        Answering.Add(id);
    }

    /// <summary>The process is gone and its lease has ended.</summary>
    public void Kill(string id)
    {
        Answering.Remove(id);
        Delete(Keys.Node(id));
    }

    public void Assign(int bucket, string id) => Put(Keys.Assignment(new Bucket((byte)bucket)), id);

    public void Policy(string id, NodePolicy policy) => Put(Keys.NodePolicy(id), RecordJson.Write(policy));

    public void Proxy(string instance, StoreLossMode mode = StoreLossMode.Serve, bool quiet = true)
    {
        Put(Keys.Proxy(instance), RecordJson.Write(new ProxyRecord { OnStoreLoss = mode, LeaseSeconds = 10 }));
        Put(Keys.Alive(instance), "");
        if (quiet)
            Quiet.Add(instance);
    }

    public void LoseProxy(string instance)
    {
        Quiet.Remove(instance);
        Delete(Keys.Alive(instance));
    }

    /// <summary>The proxy says that it is silent about the move that stands.</summary>
    public void FallSilent(string instance, int bucket, long? move = null)
    {
        var view = View;
        var record = view.Proxies[instance];
        var revision = move ?? view.Moves[new Bucket((byte)bucket)].CreateRevision;
        Put(Keys.Proxy(instance), RecordJson.Write(record with
        {
            Silent = record.Silent.SetItem(new Bucket((byte)bucket).ToString(), revision),
        }));
    }

    public void IsBusy(string instance, int bucket, string with)
    {
        var record = View.Proxies[instance];
        Put(Keys.Proxy(instance), RecordJson.Write(record with
        {
            Busy = record.Busy.SetItem(new Bucket((byte)bucket).ToString(), with),
        }));
    }

    public string? Owner(int bucket) => View.Assignments.GetValueOrDefault(new Bucket((byte)bucket))?.Owner;

    /// <summary>The owner of every bucket, in their order.</summary>
    public IReadOnlyList<string?> Owners => [.. Buckets.Select(b => Owner(b.Index))];

    public MoveRecord? Move(int bucket) => View.Moves.GetValueOrDefault(new Bucket((byte)bucket));

    public Alarm? Alarm(AlarmKind kind) => Last.Alarms.FirstOrDefault(a => a.Kind == kind);

    public AuditRecord[] Audit(string what) =>
        [.. Store.Read([Keys.Audits]).Entries.Select(e => RecordJson.Read<AuditRecord>(e.Value.Span)).Where(a => a.What == what)];

    /// <summary>One decision, carried out.</summary>
    public ReconcileResult Step()
    {
        var events = _events.ToImmutableArray();
        _events.Clear();
        Last = Reconciler.Decide(new ReconcileInput
        {
            View = View,
            State = State,
            Options = Options,
            LeaderRevision = LeaderRevision,
            Now = Now,
            Clock = DateTimeOffset.UnixEpoch + Now,
            Events = events,
            NotAdopted = NotAdopted,
            Keys = Keys,
            Buckets = Buckets,
            Mutations = Mutations,
        });
        State = Last.State;
        foreach (var action in Last.Actions)
        {
            Actions.Add(action);
            CarryOut(action);
        }
        foreach (var move in View.Moves.Values.Where(m => m.Phase == MovePhase.Quiesce))
        {
            foreach (var instance in Quiet.Where(q => !View.Proxies[q].Silent.ContainsValue(move.CreateRevision)))
                FallSilent(instance, move.Bucket.Index);
            if (Releasing.Contains(move.From ?? "") && View.Gates.ContainsKey(move.From!))
                this.Release(move.From!, move.Bucket.Index);
        }
        return Last;
    }

    /// <summary>Decides until nothing is left to do at this time.</summary>
    public ReconcileResult Settle()
    {
        for (var i = 0; i < 500; i++)
        {
            var before = Store.Revision;
            Step();
            if (Last.Actions.IsEmpty && _events.Count == 0 && Store.Revision == before)
                return Last;
        }
        throw new InvalidOperationException("L3: it does not settle: "
            + string.Join("; ", Last.Actions.Select(a => a is WriteAction w ? w.Why : a.ToString())));
    }

    /// <summary>Time passes, decision by decision as they fall due.</summary>
    public ReconcileResult Advance(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (true)
        {
            Settle();
            var next = Last.WakeAt is { } wake && wake < end ? wake : end;
            if (next <= Now && Now < end)
                throw new InvalidOperationException($"It wants to be woken at {Last.WakeAt}, and it is {Now}.");
            if (Now >= end)
                return Last;
            Now = next;
        }
    }

    private void CarryOut(MonitorAction action)
    {
        switch (action)
        {
            case WriteAction write:
                if (BeforeWrite is { } hook && !hook(write))
                {
                    _events.Add(new WriteEnded(write.Subject, 0, false));
                    break;
                }
                var result = Store.Commit(write.Transaction);
                _events.Add(new WriteEnded(write.Subject, result.Revision, result.Succeeded));
                break;
            case PingAction ping:
                _events.Add(new PingEnded(ping.Node, Answering.Contains(ping.Node)));
                break;
            case ListProxiesAction:
                var list = Store.Read([Keys.Proxies]);
                _events.Add(new ProxiesListed(list.Revision,
                    [.. list.Entries.Select(e => e.Key[Keys.Proxies.Length..])]));
                break;
            case CallReleaseAction call when Releases.TryGetValue(call.Node, out var failure):
                _events.Add(new ReleaseEnded(call.Bucket, call.Move, failure));
                break;
            case RunRestartAction restart when Releases.TryGetValue(restart.Node, out var failure):
                _events.Add(new RestartEnded(restart.Node, failure));
                break;
        }
    }
}
