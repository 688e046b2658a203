namespace BucketProxy.SystemTest.Cluster;

/// <summary>Where clients send their requests: a proxy, or what stands in its place.</summary>
internal interface IEntrance
{
    string Name { get; }

    string Authority { get; }

    /// <summary>It is known to take nothing new at the moment.</summary>
    bool IsAway { get; set; }

    /// <summary>Whether it says itself that it takes requests.</summary>
    Task<bool> IsReadyAsync(HttpClient http);
}
