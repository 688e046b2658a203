using System.Buffers;
using BucketProxy.Forwarder.Tests.Support;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Testing;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Forwarder.Tests.Transport;

/// <summary>As Microsoft.AspNetCore.Http.Features.FeatureCollection does.</summary>
public sealed class ConnectionFeaturesTests
{
    private static readonly Type[] Own =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionItemsFeature), typeof(IConnectionTransportFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IMemoryPoolFeature), typeof(IConnectionDetachFeature),
    ];

    [Fact]
    public async Task Get_ItsOwn_AreTheConnection()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var features = accepted.Connection.Features;

        Assert.All(Own, key => Assert.Same(accepted.Connection, features[key]));
        Assert.Same(accepted.Pool, features.Get<IMemoryPoolFeature>()!.MemoryPool);
        Assert.Null(features.Get<ITlsConnectionFeature>());
        Assert.False(features.IsReadOnly);
    }

    [Fact]
    public async Task Set_Others_AsAFeatureCollection()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var ours = accepted.Connection.Features;
        IFeatureCollection theirs = new FeatureCollection(new FeatureCollection());
        foreach (var key in Own)
            theirs[key] = accepted.Connection;
        Type[] keys = [.. Own, typeof(string), typeof(int[]), typeof(Uri), typeof(Version), typeof(object), typeof(List<int>)];
        await Seeded.RunAsync(50, random =>
        {
            for (var i = 0; i < 50; i++)
            {
                var key = keys[random.Next(keys.Length)];
                var value = random.Next(3) == 0 ? null : key == typeof(IMemoryPoolFeature) ? new Memory() : new object();
                var before = ours.Revision;
                ours[key] = value;
                theirs[key] = value;
                Assert.NotEqual(before, ours.Revision);
                Assert.All(keys, k => Assert.Same(theirs[k], ours[k]));
                Assert.Equal(
                    theirs.OrderBy(f => f.Key.FullName, StringComparer.Ordinal).ToArray(),
                    ours.OrderBy(f => f.Key.FullName, StringComparer.Ordinal).ToArray());
            }
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Set_InsteadOfItsOwn_TheOtherIsGiven()
    {
        await using var accepted = await Accepted.ConnectAsync();
        var mine = new Memory();

        accepted.Connection.Features.Set<IMemoryPoolFeature>(mine);

        Assert.Same(mine, accepted.Connection.Features.Get<IMemoryPoolFeature>());
    }

    private sealed class Memory : IMemoryPoolFeature
    {
        public MemoryPool<byte> MemoryPool => MemoryPool<byte>.Shared;
    }
}
