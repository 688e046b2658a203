using BucketProxy.Etcd.Client;

namespace BucketProxy.Etcd.Tests.Fake;

internal static class Clients
{
    /// <summary>A client that retries fast. Its other times are long enough for a busy machine; tests of silence pass their own.</summary>
    public static EtcdClient For(params IEnumerable<EtcdEndpoint> endpoints) => new(OptionsFor(endpoints), TimeProvider.System);

    public static EtcdClientOptions OptionsFor(params IEnumerable<EtcdEndpoint> endpoints) => new()
    {
        Endpoints = [.. endpoints],
        CallTimeout = TimeSpan.FromSeconds(20),
        AttemptTimeout = TimeSpan.FromSeconds(10),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        RetryDelay = TimeSpan.FromMilliseconds(5),
        MaxRetryDelay = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>A client that soon gives up on silence.</summary>
    public static EtcdClient Impatient(params IEnumerable<EtcdEndpoint> endpoints) =>
        new(OptionsFor(endpoints) with { CallTimeout = TimeSpan.FromSeconds(8), AttemptTimeout = TimeSpan.FromSeconds(3) }, TimeProvider.System);

    /// <summary>An endpoint that refuses connections.</summary>
    public static EtcdEndpoint Refusing() => EtcdEndpoint.Parse($"127.0.0.1:{EtcdTesting.FreePort.Next()}");
}
