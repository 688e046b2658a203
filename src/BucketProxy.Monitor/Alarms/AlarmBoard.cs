using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Monitor.Alarms;

/// <summary>The alarms of now; logs each once when it comes and once when it is over.</summary>
/// <param name="logger">Where they are logged.</param>
/// <param name="raised">Told of each that comes.</param>
internal sealed class AlarmBoard(ILogger logger, Action<AlarmKind> raised)
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
            raised(alarm.Kind);
        }
        foreach (var alarm in Current.Where(a => !after.Contains((a.Kind, a.Subject))))
            Log.AlarmOver(logger, alarm.Name);
        ImmutableInterlocked.InterlockedExchange(ref _current, alarms);
    }
}
