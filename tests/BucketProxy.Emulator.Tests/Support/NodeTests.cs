namespace BucketProxy.Emulator.Tests.Support;

/// <summary>A test class with its own storage and nodes.</summary>
public abstract class NodeTests : IAsyncLifetime
{
    private protected NodeFixture Nodes { get; } = new();

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Nodes.DisposeAsync();
}
