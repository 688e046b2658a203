using BucketProxy.Etcd.Calls;
using BucketProxy.Etcd.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Etcd.Client;

/// <summary>Talks to an etcd v3 cluster. Safe to use from many threads; one instance per cluster is enough.</summary>
/// <remarks>
/// Every call has a deadline and goes on to the next endpoint when one fails. A call that changes something is sent again only
/// if it certainly was not carried out; where nobody can know, it ends in an <see cref="Errors.EtcdOutcomeUnknownException"/>.
/// Errors are <see cref="Errors.EtcdException"/>s; cancelling by the caller is an <see cref="OperationCanceledException"/>, after which a
/// write may have been carried out all the same.
/// </remarks>
public sealed partial class EtcdClient : IDisposable
{
    private readonly EtcdClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly EndpointRing _ring;
    private readonly Caller _caller;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="options">How to reach etcd.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where to log; null for nowhere.</param>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    public EtcdClient(EtcdClientOptions options, TimeProvider time, ILogger? log = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _options = options;
        _time = time;
        _log = log ?? NullLogger.Instance;
        _ring = new EndpointRing([.. options.Endpoints.Select(endpoint => new EtcdChannel(endpoint, options, time))]);
        _caller = new Caller(options, time, _ring, _log);
    }

    /// <summary>Closes all connections: calls and watches under way fail.</summary>
    public void Dispose()
    {
        _ring.Dispose();
        _caller.Dispose();
    }
}
