using Grpc.Core;

namespace BucketProxy.Etcd.Transport;

/// <summary>What goes along with a call.</summary>
/// <param name="Token">Proof of who we are; null for none.</param>
/// <param name="RequireLeader">A member that sees no leader shall say so at once, and end streams, instead of keeping us waiting.</param>
internal readonly record struct CallMetadata(string? Token, bool RequireLeader)
{
    public Metadata ToHeaders()
    {
        var headers = new Metadata();
        if (RequireLeader)
            headers.Add("hasleader", "true");
        if (Token is not null)
            headers.Add("token", Token);
        return headers;
    }
}
