using System.Collections.Immutable;

namespace BucketProxy.Etcd.Leases;

/// <summary>A new lease.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Id">The lease's number.</param>
/// <param name="Ttl">How long it lives without a renewal; the server may have raised what was asked for.</param>
public sealed record LeaseGrant(EtcdHeader Header, long Id, TimeSpan Ttl);

/// <summary>A renewal that the server confirmed.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Id">The lease's number.</param>
/// <param name="Ttl">How long it now lives.</param>
/// <param name="SentAt">The injected clock's timestamp just <b>before</b> the renewal was sent. The lease lives at least from then for
/// <paramref name="Ttl"/>: counting from the answer would count the way back as well.</param>
public sealed record LeaseRenewal(EtcdHeader Header, long Id, TimeSpan Ttl, long SentAt);

/// <summary>How long a lease still has.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Id">The lease's number.</param>
/// <param name="Remaining">What is left.</param>
/// <param name="Granted">What a renewal would give.</param>
/// <param name="Keys">The keys that hang on it, if they were asked for.</param>
public sealed record LeaseLife(EtcdHeader Header, long Id, TimeSpan Remaining, TimeSpan Granted, ImmutableArray<EtcdBytes> Keys);
