using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace BucketProxy.Testing;

/// <summary>The figures of whoever makes its meters here, and of nobody else in the process.</summary>
public sealed class Figures : IMeterFactory
{
    private readonly ConcurrentQueue<(string Name, string Tags)> _recorded = new();
    private readonly MeterListener _listener;
    private ConcurrentDictionary<(string Name, string Tags), double> _observed = new();

    /// <summary>Begins to listen.</summary>
    public Figures()
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, this))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        return new Meter(options);
    }

    /// <summary>What an observed instrument says now, by its tags.</summary>
    public IReadOnlyDictionary<string, double> Now(string name)
    {
        _observed = new();
        _listener.RecordObservableInstruments();
        return _observed.Where(o => o.Key.Name == name).ToDictionary(o => o.Key.Tags, o => o.Value);
    }

    /// <summary>The tags of each measurement of a histogram.</summary>
    public IReadOnlyList<string> Recorded(string name) => [.. _recorded.Where(r => r.Name == name).Select(r => r.Tags)];

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = string.Join(',', tags.ToArray().Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal));
        if (instrument.IsObservable)
            _observed[(instrument.Name, text)] = value;
        else
            _recorded.Enqueue((instrument.Name, text));
    }
}
