using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace BucketProxy.Scraping;

/// <summary>
/// Hands the SDK's figures over when somebody asks. OpenTelemetry's own exporters for Prometheus are in no registry that this project
/// is built against.
/// </summary>
[ExportModes(ExportModes.Pull)]
internal sealed class ScrapeExporter : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly Lock _lock = new();
    private ExpositionWriter? _writer;

    /// <summary>Set by the reader that this exporter belongs to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>All figures of now. One caller at a time; each takes some milliseconds.</summary>
    public string Scrape(ExpositionFormat format)
    {
        lock (_lock)
        {
            var writer = new ExpositionWriter(format);
            writer.Resource(ParentProvider.GetResource());
            _writer = writer;
            try
            {
                if (Collect?.Invoke(Timeout.Infinite) != true)
                    throw new InvalidOperationException("The figures could not be collected.");
            }
            finally
            {
                _writer = null;
            }
            return writer.End();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        // Null: somebody flushed. There is nowhere to write to.
        if (_writer is { } writer)
        {
            foreach (var metric in batch)
                writer.Metric(metric);
        }
        return ExportResult.Success;
    }
}
