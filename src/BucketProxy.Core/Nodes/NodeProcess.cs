namespace BucketProxy.Core.Nodes;

/// <summary>
/// One run of a dtable-server: what tells a restarted server from the one that held the bases before.
/// Only a changed <see cref="StartTime"/> (or an observed exit) proves that the memory of the earlier run is gone; a new
/// <see cref="CreateRevision"/> alone does not: a server that lost its lease and came back still holds its bases.
/// </summary>
/// <param name="NodeId">The node's id.</param>
/// <param name="CreateRevision">Store revision at which this registration key came into being.</param>
/// <param name="StartTime">The registration's <c>start_time</c> as text, or null where the node reports none.</param>
/// <param name="LocalUrl">The registration's <c>local_node_url</c>.</param>
public sealed record NodeProcess(string NodeId, long CreateRevision, string? StartTime, string LocalUrl);
