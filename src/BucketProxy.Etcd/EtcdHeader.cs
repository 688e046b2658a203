namespace BucketProxy.Etcd;

/// <summary>What stands at the head of every answer.</summary>
/// <param name="ClusterId">Which cluster answered. Another one than before means that the data is another's.</param>
/// <param name="MemberId">Which member answered.</param>
/// <param name="Revision">How far the answering member's store had come; it never falls within one cluster's life,
/// except when a backup was restored or another, slower member answers.</param>
/// <param name="RaftTerm">The term of the election that the member knew of.</param>
public readonly record struct EtcdHeader(ulong ClusterId, ulong MemberId, long Revision, ulong RaftTerm)
{
    internal static EtcdHeader From(Wire.ResponseHeader? header) =>
        header is null ? default : new(header.ClusterId, header.MemberId, header.Revision, header.RaftTerm);
}
