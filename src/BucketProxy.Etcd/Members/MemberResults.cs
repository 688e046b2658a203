using System.Collections.Immutable;

namespace BucketProxy.Etcd.Members;

/// <summary>A member of the cluster.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name; empty while it has not started.</param>
/// <param name="PeerUrls">Where the other members reach it.</param>
/// <param name="ClientUrls">Where clients reach it; empty while it has not started.</param>
/// <param name="IsLearner">Whether it has no vote yet.</param>
public sealed record Member(ulong Id, string Name, ImmutableArray<string> PeerUrls, ImmutableArray<string> ClientUrls, bool IsLearner);

/// <summary>The members of the cluster.</summary>
/// <param name="Header">The answer's header.</param>
/// <param name="Members">All of them.</param>
public sealed record MemberList(EtcdHeader Header, ImmutableArray<Member> Members);

/// <summary>How one member is doing.</summary>
/// <param name="Header">The answer's header; its revision is the member's own.</param>
/// <param name="Endpoint">The endpoint that was asked.</param>
/// <param name="Version">The server's version, as in <c>3.4.23</c>.</param>
/// <param name="DatabaseBytes">The size of its database.</param>
/// <param name="Leader">The member that it holds for the leader; 0 for none.</param>
/// <param name="RaftIndex">How far its log has come.</param>
/// <param name="IsLearner">Whether it has no vote yet.</param>
/// <param name="Errors">What it complains of: alarms, no leader.</param>
public sealed record MemberStatus(
    EtcdHeader Header, EtcdEndpoint Endpoint, string Version, long DatabaseBytes, ulong Leader, ulong RaftIndex, bool IsLearner, ImmutableArray<string> Errors);
