using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Members;
using BucketProxy.Etcd.Transport;

namespace BucketProxy.Etcd.Client;

public sealed partial class EtcdClient
{
    private static readonly EtcdMethod<Wire.MemberListRequest, Wire.MemberListResponse> MembersMethod =
        new("Cluster/MemberList", static (channel, request, options) => channel.Cluster.MemberListAsync(request, options).ResponseAsync);
    private static readonly EtcdMethod<Wire.StatusRequest, Wire.StatusResponse> StatusMethod =
        new("Maintenance/Status", static (channel, request, options) => channel.Maintenance.StatusAsync(request, options).ResponseAsync);

    /// <summary>The members, as the answering one knows them.</summary>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<MemberList> MembersAsync(CancellationToken cancel = default)
    {
        var answer = await _caller.CallAsync(MembersMethod, new Wire.MemberListRequest(), CallKind.LocalRead, cancel).ConfigureAwait(false);
        return new MemberList(
            EtcdHeader.From(answer.Header),
            [.. answer.Members.Select(m => new Member(m.ID, m.Name, [.. m.PeerURLs], [.. m.ClientURLs], m.IsLearner))]);
    }

    /// <summary>How one member is doing.</summary>
    /// <param name="endpoint">Which of the configured endpoints to ask.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="ArgumentException">It is none of the configured ones.</exception>
    /// <exception cref="Errors.EtcdException">It failed.</exception>
    public async Task<MemberStatus> StatusAsync(EtcdEndpoint endpoint, CancellationToken cancel = default)
    {
        var channel = _ring.Find(endpoint) ?? throw new ArgumentException($"{endpoint} is not among the endpoints of this client", nameof(endpoint));
        var answer = await _caller.CallOneAsync(channel, StatusMethod, new Wire.StatusRequest(), CallKind.LocalRead, cancel).ConfigureAwait(false);
        return new MemberStatus(
            EtcdHeader.From(answer.Header), endpoint, answer.Version, answer.DbSize, answer.Leader, answer.RaftIndex, answer.IsLearner, [.. answer.Errors]);
    }
}
