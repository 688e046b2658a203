using BucketProxy.Emulator.Checking;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>Two servers, and what stands in front of them.</summary>
internal interface ISide : IAsyncDisposable
{
    /// <summary>What it is called in the report.</summary>
    string Name { get; }

    /// <summary>Where clients send everything.</summary>
    IEntrance Entrance { get; }

    /// <summary>What its two servers share.</summary>
    string Storage { get; }

    /// <summary>What its servers write down.</summary>
    IReadOnlyList<string> Journals { get; }

    /// <summary>Servers that were seen dead.</summary>
    IReadOnlyList<ObservedExit> Exits { get; }

    /// <summary>Who owned what, by a witness; null: nobody owns anything here, there is only the way that requests take.</summary>
    OwnershipHistory? Owners { get; }

    /// <summary>Starts it all, and waits until it serves.</summary>
    Task StartAsync();

    /// <summary>Makes the change as its operator does, and waits until it is made.</summary>
    Task<ChangeNote> MakeAsync(Change change);

    /// <summary>Stops it all in order: what is in memory is saved.</summary>
    Task StopAsync();

    /// <summary>What every process wrote, into a file each.</summary>
    Task WriteLogsAsync();
}
