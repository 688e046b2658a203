using System.Text.Json.Serialization;

namespace BucketProxy.Cluster.Mirror;

/// <summary>A point in a store's history that was seen: whose history, and how far.</summary>
/// <param name="ClusterId">Identity of the store.</param>
/// <param name="Revision">The highest revision seen.</param>
/// <param name="Acceptance">The last operator's word in that history, by id; null: there is none.</param>
/// <param name="HasOwners">Whether anything was assigned at that point.</param>
public sealed record StoreMark(ulong ClusterId, long Revision, string? Acceptance = null, bool HasOwners = false);

/// <summary>
/// An operator's word that a store whose history differs from what was seen is the right one: the value of
/// <c>bucketproxy/policy/accepted</c>.
/// </summary>
/// <param name="ClusterId">The store that is accepted.</param>
/// <param name="Abandoned">Whoever saw at most this revision of another history gives it up.</param>
/// <param name="Id">Unique: a word counts once, also if a backup that holds it is restored later.</param>
public sealed record StoreAcceptance(
    [property: JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)] ulong ClusterId,
    long Abandoned,
    string Id);
