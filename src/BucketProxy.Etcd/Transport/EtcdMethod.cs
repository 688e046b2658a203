using Grpc.Core;

namespace BucketProxy.Etcd.Transport;

/// <summary>A call that has one answer.</summary>
/// <param name="Name">Its short name, for errors and logs.</param>
/// <param name="Start">Makes it, by the stubs of a channel.</param>
internal sealed record EtcdMethod<TRequest, TResponse>(string Name, Func<EtcdChannel, TRequest, CallOptions, Task<TResponse>> Start);
