namespace BucketProxy.Cluster.Store;

/// <summary>A granted lease.</summary>
/// <param name="LeaseId">Its id, never 0.</param>
/// <param name="TimeToLive">How long it lives unless renewed, counted from when the grant was sent.</param>
public sealed record LeaseGrant(long LeaseId, TimeSpan TimeToLive);
