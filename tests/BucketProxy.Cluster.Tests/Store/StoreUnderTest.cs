using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>One implementation of the store, as its contract needs it. Made anew for each test.</summary>
public abstract class StoreUnderTest
{
    /// <summary>Opens the store. Called once.</summary>
    public abstract Task<IClusterStore> OpenAsync();

    /// <summary>Lets at least that much of the store's time pass.</summary>
    public abstract Task PassAsync(TimeSpan time);

    /// <summary>Makes the store forget its history before a revision.</summary>
    public abstract Task CompactAsync(long revision);

    /// <summary>Frees what <see cref="OpenAsync"/> needed, after the store was disposed.</summary>
    public virtual Task CloseAsync() => Task.CompletedTask;
}
