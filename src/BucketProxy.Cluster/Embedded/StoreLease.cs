namespace BucketProxy.Cluster.Embedded;

/// <summary>A lease inside a <see cref="StoreModel"/>.</summary>
internal sealed class StoreLease(long id, TimeSpan timeToLive, TimeSpan deadline)
{
    public long Id { get; } = id;

    public TimeSpan TimeToLive { get; } = timeToLive;

    /// <summary>Virtual time at which it ends unless renewed.</summary>
    public TimeSpan Deadline { get; set; } = deadline;

    /// <summary>The keys that hang on it, in order: a lease's deletes must come in the same order in every run.</summary>
    public SortedSet<string> Keys { get; } = new(StringComparer.Ordinal);

    public StoreLease Clone()
    {
        var clone = new StoreLease(Id, TimeToLive, Deadline);
        clone.Keys.UnionWith(Keys);
        return clone;
    }
}
