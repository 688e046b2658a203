using System.Text;
using BucketProxy.Cluster.Durability;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// Checksums of rows, because SQLite has none: it would hand out a value with a wrong byte as if nothing were.
/// </summary>
internal static class RowChecksum
{
    public static long Of(StoreEntry entry) => OfEntry(
        Encoding.UTF8.GetBytes(entry.Key), entry.Value.Span, entry.CreateRevision, entry.ModRevision, entry.Version, entry.LeaseId);

    public static long OfEntry(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long createRevision, long modRevision, long version, long lease)
    {
        var crc = new Crc32C();
        crc.Add(key.Length);
        crc.Add(key);
        crc.Add(value);
        crc.Add(createRevision);
        crc.Add(modRevision);
        crc.Add(version);
        crc.Add(lease);
        return crc.Value;
    }

    public static long OfLease(long lease, long seconds)
    {
        var crc = new Crc32C();
        crc.Add(lease);
        crc.Add(seconds);
        return crc.Value;
    }

    /// <summary>Of everything: <paramref name="rows"/> is the sum of all rows' checksums, so that no row can be missing, left
    /// over, or from another time.</summary>
    public static long OfIdentity(ulong clusterId, long revision, long commits, long rows)
    {
        var crc = new Crc32C();
        crc.Add((long)clusterId);
        crc.Add(revision);
        crc.Add(commits);
        crc.Add(rows);
        return crc.Value;
    }
}
