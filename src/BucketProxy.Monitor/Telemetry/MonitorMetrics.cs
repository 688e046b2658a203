using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Auditing;
using BucketProxy.Monitor.Reconcile;

namespace BucketProxy.Monitor.Telemetry;

/// <summary>Metrics of one monitor. All counts are of what this process did itself while it led; a cluster's are the sum of its monitors'.</summary>
internal sealed class MonitorMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BucketProxy.Monitor";

    private static readonly double[] PhaseBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 25, 60];
    private static readonly string[] Outcomes = ["done", "aborted"];
    private static readonly MoveReason[] Reasons = Enum.GetValues<MoveReason>();
    private static readonly AlarmKind[] Kinds = Enum.GetValues<AlarmKind>();

    private readonly Meter _meter;
    private readonly Histogram<double> _phases;
    private readonly long[] _moves = new long[Outcomes.Length * Reasons.Length];
    private readonly long[] _alarms = new long[Kinds.Length];
    private long _elections;

    /// <param name="meters">Makes the meter; null: a meter of the process.</param>
    public MonitorMetrics(IMeterFactory? meters)
    {
        _meter = meters?.Create(MeterName, typeof(MonitorMetrics).Assembly.GetName().Version?.ToString(3)) ?? new Meter(MeterName);
        _meter.CreateObservableCounter("bucketproxy.moves", Moves, "{move}", "Moves that ended while this monitor led.");
        _phases = _meter.CreateHistogram(
            "bucketproxy.move.phase.duration", "s", "How long each phase of ended moves took; hold is all of it, for as long as requests may have been held.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = PhaseBounds });
        _meter.CreateObservableCounter("bucketproxy.alarms.raised", Alarms, "{alarm}", "Alarms that this monitor raised while it led.");
        _meter.CreateObservableCounter("bucketproxy.elections", () => Volatile.Read(ref _elections), "{election}", "Times that this monitor became the leader.");
    }

    public void Elected() => Interlocked.Increment(ref _elections);

    public void Raised(AlarmKind kind) => Interlocked.Increment(ref _alarms[(int)kind]);

    /// <summary>A move's end is in the store.</summary>
    public void Ended(AuditRecord move)
    {
        var outcome = move.What == AuditRecord.Move ? 0 : 1;
        Interlocked.Increment(ref _moves[outcome * Reasons.Length + (int)(move.Reason ?? default)]);
        if (move.Phases is not { } phases)
            return;
        Record("quiesce", phases.Quiesce);
        Record("release", phases.Release);
        Record("settle", phases.Settle);
        Record("hold", phases.Hold);

        void Record(string phase, double milliseconds) =>
            _phases.Record(milliseconds / 1000, new TagList { new("phase", phase), new("outcome", Outcomes[outcome]) });
    }

    public void Dispose() => _meter.Dispose();

    // Also those that are zero: a rate needs a first figure to start from.
    private IEnumerable<Measurement<long>> Moves()
    {
        for (var outcome = 0; outcome < Outcomes.Length; outcome++)
        {
            foreach (var reason in Reasons)
            {
                yield return new Measurement<long>(
                    Volatile.Read(ref _moves[outcome * Reasons.Length + (int)reason]),
                    new("outcome", Outcomes[outcome]),
                    new("reason", MoveAudit.Name(reason)));
            }
        }
    }

    private IEnumerable<Measurement<long>> Alarms() => Kinds.Select(k => new Measurement<long>(
        Volatile.Read(ref _alarms[(int)k]), new KeyValuePair<string, object?>("kind", JsonNamingPolicy.KebabCaseLower.ConvertName(k.ToString()))));
}
