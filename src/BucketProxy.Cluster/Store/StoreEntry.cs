using System.Text;

namespace BucketProxy.Cluster.Store;

/// <summary>A key with its value, as of the revision it was read or watched at. Equal by key and mod-revision.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value's bytes; must not be changed.</param>
/// <param name="CreateRevision">Revision at which the key came into being (again, after a delete).</param>
/// <param name="ModRevision">Revision of the last put.</param>
/// <param name="Version">Puts since it came into being; 1 for the first.</param>
/// <param name="LeaseId">The lease it hangs on, or 0.</param>
public sealed record StoreEntry(
    string Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long LeaseId)
{
    /// <summary>The value read as UTF-8 (invalid bytes become U+FFFD).</summary>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <inheritdoc/>
    public bool Equals(StoreEntry? other) =>
        other is not null && Key == other.Key && ModRevision == other.ModRevision && LeaseId == other.LeaseId;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Key, ModRevision);
}
