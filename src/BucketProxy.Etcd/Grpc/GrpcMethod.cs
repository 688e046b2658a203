using Google.Protobuf;

namespace BucketProxy.Etcd.Grpc;

/// <summary>A call that etcd knows.</summary>
/// <param name="Name">Its short name, for errors and logs.</param>
/// <param name="Path">Its path on the wire.</param>
/// <param name="Parser">Reads its answer.</param>
internal sealed record GrpcMethod<TResponse>(string Name, string Path, MessageParser<TResponse> Parser)
    where TResponse : IMessage<TResponse>
{
    public static GrpcMethod<TResponse> Of(string service, string method, MessageParser<TResponse> parser) =>
        new($"{service}/{method}", $"/etcdserverpb.{service}/{method}", parser);
}
