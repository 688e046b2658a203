using System.Collections.Immutable;
using System.Globalization;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>One decision in the making: what it rests on, and what it has come to so far. Lives for one call only.</summary>
internal sealed class Turn(ReconcileInput input)
{
    private readonly ImmutableArray<MonitorAction>.Builder _actions = ImmutableArray.CreateBuilder<MonitorAction>();
    private readonly ImmutableArray<Alarm>.Builder _alarms = ImmutableArray.CreateBuilder<Alarm>();

    public ReconcileInput Input => input;

    public ClusterView View => input.View;

    public MonitorOptions Options => input.Options;

    public KeySchema Keys => input.Keys;

    public TimeSpan Now => input.Now;

    /// <summary>What will be remembered.</summary>
    public MonitorState State { get; set; } = input.State;

    /// <summary>Nothing changes owner.</summary>
    public bool Frozen { get; set; }

    /// <summary>Who is alive, who may get more. Set once nodes have been observed.</summary>
    public NodeBoard Nodes { get; set; } = null!;

    public TimeSpan? WakeAt { get; private set; }

    public ImmutableArray<Alarm> Alarms => _alarms.ToImmutable();

    public bool Has(Mutations mutation) => (input.Mutations & mutation) != 0;

    public void Do(MonitorAction action) => _actions.Add(action);

    public void Raise(AlarmKind kind, string subject, string message, string whatToDo) => Raise(new Alarm(kind, subject, message, whatToDo));

    public void Raise(Alarm alarm) => _alarms.Add(alarm);

    /// <summary>Whether <paramref name="at"/> has come; if not, the next decision is due then at the latest.</summary>
    public bool Passed(TimeSpan at)
    {
        if (at <= Now)
            return true;
        if (WakeAt is not { } wake || at < wake)
            WakeAt = at;
        return false;
    }

    /// <summary>Whether a write about <paramref name="subject"/> is under way, or has just been refused on this very view.</summary>
    public bool IsWriting(string subject)
    {
        if (State.Writing.Contains(subject))
            return true;
        if (!State.Failed.TryGetValue(subject, out var failed))
            return false;
        if (failed.ViewRevision == View.Revision && !Passed(failed.Until))
            return true;
        State = State with { Failed = State.Failed.Remove(subject) };
        return false;
    }

    /// <summary>Orders a write. S6: every one compares the leader key, so that a deposed leader changes nothing.</summary>
    public void Write(string subject, string why, IEnumerable<Comparison> comparisons, params IEnumerable<StoreOperation> puts) =>
        Write(subject, why, null, comparisons, puts);

    /// <summary>Orders the write that ends a move, with a record of it.</summary>
    public void End(MoveRecord move, string why, AuditRecord record) => Write(
        StandingMoves.Subject(move), why, record,
        [Comparison.ModifiedAt(Keys.Move(move.Bucket), move.ModRevision)],
        [StoreOperation.DeleteKey(Keys.Move(move.Bucket)), Audit(record)]);

    private void Write(string subject, string why, AuditRecord? ends, IEnumerable<Comparison> comparisons, IEnumerable<StoreOperation> puts)
    {
        var leads = Comparison.CreatedAt(Keys.Leader, input.LeaderRevision);
        _actions.Add(new WriteAction(subject, new StoreTransaction
        {
            Comparisons = Has(Mutations.WriteWithoutLeading) ? [.. comparisons] : [leads, .. comparisons],
            Success = [.. puts],
        }, why)
        {
            Ends = ends,
        });
        State = State with { Writing = State.Writing.Add(subject) };
    }

    /// <summary>A record of what this leader did.</summary>
    public StoreOperation Audit(AuditRecord record)
    {
        var unique = string.Create(CultureInfo.InvariantCulture, $"{input.LeaderRevision}-{State.Audits:D6}");
        State = State with { Audits = State.Audits + 1 };
        return StoreOperation.PutText(Keys.Audit(AuditRecord.IdAt(input.Clock, unique)), RecordJson.Write(record));
    }

    /// <summary>Who holds a bucket, or a pin of it.</summary>
    public Grant? GrantOf(Bucket bucket, BasePrefix? pin) => pin is { } p
        ? View.Pins.GetValueOrDefault(p)
        : View.Assignments.GetValueOrDefault(bucket);

    public string GrantKey(Bucket bucket, BasePrefix? pin) => pin is { } p ? Keys.Pin(p) : Keys.Assignment(bucket);

    public ReconcileResult End() => new()
    {
        State = State,
        Actions = _actions.ToImmutable(),
        Alarms = _alarms.ToImmutable(),
        WakeAt = WakeAt,
    };
}
