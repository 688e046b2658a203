using BucketProxy.Core.Bases;

namespace BucketProxy.Gateway.Load;

/// <summary>What this proxy carried in one window of time.</summary>
/// <param name="Window">How long the window was.</param>
/// <param name="Buckets">Buckets with anything to say, in rising order.</param>
/// <param name="Hottest">The bases with the most requests, busiest first; counts are estimates from every sixteenth request.</param>
public sealed record LoadSample(TimeSpan Window, IReadOnlyList<BucketSample> Buckets, IReadOnlyList<BaseSample> Hottest);

/// <summary>One bucket in a window.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Requests">Requests that ended.</param>
/// <param name="Bytes">Bytes of their bodies, both ways, as far as announced or carried in tunnels.</param>
/// <param name="Sockets">Tunnels open at the end of the window.</param>
public sealed record BucketSample(Bucket Bucket, long Requests, long Bytes, int Sockets);

/// <summary>One base in a window.</summary>
/// <param name="Base">The base.</param>
/// <param name="Requests">Its requests, estimated.</param>
public sealed record BaseSample(BaseId Base, long Requests);
