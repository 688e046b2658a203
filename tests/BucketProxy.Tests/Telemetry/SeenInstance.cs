using BucketProxy.Admin;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Core.Routing;
using BucketProxy.Telemetry;
using BucketProxy.Tests.Admin;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Metrics;

namespace BucketProxy.Tests.Telemetry;

/// <summary>An instance without parts, that sees of the store what a test says.</summary>
internal sealed class SeenInstance : IViewSource
{
    public SeenInstance(BucketProxySettings? settings = null)
    {
        Settings = settings ?? new BucketProxySettings();
        Context = ContextWith(null);
        Parts = new InstanceParts(Context.Settings, () => null, () => null, () => null, () => null);
    }

    public BucketProxySettings Settings { get; }

    public FakeTimeProvider Time { get; } = new();

    public RecordingDesk Desk { get; } = new();

    public AdminContext Context { get; }

    public InstanceParts Parts { get; }

    public ClusterView? Current { get; private set; }

    public MirrorStatus Status { get; set; } = new(false, 0, 0, null, 0, 0, null, null);

    /// <summary>What it shows at the operators' port, with these figures.</summary>
    public AdminContext ContextWith(MeterProvider? figures) => new()
    {
        Settings = Settings,
        Instance = "instance-1",
        StoreDescription = "made up",
        Views = this,
        Mirror = () => Status,
        Table = () => Current is { } view ? RoutingTableBuilder.Build(RoutingTable.Empty, view) : RoutingTable.Empty,
        Desk = Desk,
        Figures = figures,
    };

    /// <summary>The mirror has a new view.</summary>
    public void See(ClusterView view, TimeSpan age = default, string? acceptance = null)
    {
        Current = view;
        Status = new MirrorStatus(true, view.ClusterId, view.Revision, age, 0, 0, null, null) { Acceptance = acceptance };
    }

    public Task ChangedSinceAsync(ClusterView? seen, CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
}
