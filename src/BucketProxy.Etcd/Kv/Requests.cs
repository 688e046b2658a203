namespace BucketProxy.Etcd.Kv;

/// <summary>The requests that stand alone as well as inside a transaction.</summary>
internal static class Requests
{
    public static Wire.PutRequest Put(EtcdBytes key, EtcdBytes value, long lease)
    {
        if (key.IsEmpty)
            throw new ArgumentException("a key is at least one byte", nameof(key));
        return new() { Key = key.ToWire(), Value = value.ToWire(), Lease = lease };
    }

    public static Wire.DeleteRangeRequest Delete(KeyRange range) => new() { Key = range.First.ToWire(), RangeEnd = range.End.ToWire() };
}
