
namespace BucketProxy.Configuration;

/// <summary>How a proxy takes part in the cluster.</summary>
internal sealed record ProxySettings
{
    [Setting("The time to live of the proxy's lease in the store.", Min = "3s", Max = "10m",
        Raise = "A fencing proxy outlasts a longer absence of the store; the cluster waits longer for a lost one.",
        Lower = "More renewals, and leases lost when the store is slow.")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    [Setting("How long before its lease could end a fencing proxy stops. More than nothing, less than half of the lease.", Min = "100ms", Max = "5m",
        Raise = "It stops sooner when the store is away.", Lower = "Less time to close everything, and less room for clocks of different speed.")]
    public TimeSpan FenceMargin { get; init; } = TimeSpan.FromSeconds(3);

    [Setting("How often the proxy publishes the load it sees; 0s: never, then the planner counts buckets only.", Min = "0s", Max = "10m",
        Raise = "The planner sees load later.", Lower = "More writes to the store.")]
    public TimeSpan LoadInterval { get; init; } = TimeSpan.FromSeconds(10);
}
