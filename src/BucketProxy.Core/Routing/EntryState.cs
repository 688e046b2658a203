namespace BucketProxy.Core.Routing;

/// <summary>Whether requests of a bucket (or pinned base) may pass.</summary>
public enum EntryState
{
    /// <summary>No owner, or an owner whose address is not known. Requests are held.</summary>
    Unassigned,

    /// <summary>A move stands. Requests are held; whatever is in flight runs out.</summary>
    Moving,

    /// <summary>Requests go to the owner.</summary>
    Open,
}
