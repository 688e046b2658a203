namespace BucketProxy.SystemTest.TwoServers;

/// <summary>What is done to the bases of the second server, in this order.</summary>
internal enum Change
{
    /// <summary>All its bases go to the first.</summary>
    Away,

    /// <summary>They come back.</summary>
    Back,

    /// <summary>It gives up a part of them.</summary>
    Fewer,
}
