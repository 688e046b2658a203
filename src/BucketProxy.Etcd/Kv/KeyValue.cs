namespace BucketProxy.Etcd.Kv;

/// <summary>A key as the store holds it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty in a deletion, and where only keys were asked for.</param>
/// <param name="CreateRevision">The revision that created this life of the key; 0 in a deletion.</param>
/// <param name="ModRevision">The revision that last changed it; in a deletion, that of the deletion.</param>
/// <param name="Version">1 for a new key, one more with every change; 0 in a deletion.</param>
/// <param name="Lease">The lease that the key hangs on; 0 for none.</param>
public sealed record KeyValue(EtcdBytes Key, EtcdBytes Value, long CreateRevision, long ModRevision, long Version, long Lease)
{
    internal static KeyValue From(Mvccpb.KeyValue kv) => new(
        EtcdBytes.FromWire(kv.Key), EtcdBytes.FromWire(kv.Value), kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease);
}
