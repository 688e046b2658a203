using System.Collections.Immutable;
using BucketProxy.Monitor.Telemetry;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Alarms;

/// <summary>The alarms of now; logs each once when it comes and once when it is over.</summary>
internal sealed class AlarmBoard(ILogger logger, MonitorMetrics metrics)
{
    private ImmutableArray<Alarm> _current = [];

    public ImmutableArray<Alarm> Current => ImmutableInterlocked.InterlockedCompareExchange(ref _current, default, default);

    public void Show(ImmutableArray<Alarm> alarms)
    {
        var before = Current.Select(a => (a.Kind, a.Subject)).ToHashSet();
        var after = alarms.Select(a => (a.Kind, a.Subject)).ToHashSet();
        foreach (var alarm in alarms.Where(a => !before.Contains((a.Kind, a.Subject))))
        {
            Log.AlarmRaised(logger, alarm.Name, alarm.Message, alarm.WhatToDo);
            metrics.Raised(alarm.Kind);
        }
        foreach (var alarm in Current.Where(a => !after.Contains((a.Kind, a.Subject))))
            Log.AlarmOver(logger, alarm.Name);
        ImmutableInterlocked.InterlockedExchange(ref _current, alarms);
    }
}
