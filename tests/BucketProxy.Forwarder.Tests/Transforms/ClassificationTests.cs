using BucketProxy.Forwarder.Transforms;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BucketProxy.Forwarder.Tests.Transforms;

/// <summary>Only what is known to do the same goes without messages.</summary>
public sealed class ClassificationTests
{
    [Fact]
    public async Task Built_NothingAdded_Default() => Assert.Equal(TransformerKind.Default, await BuiltAsync(null));

    [Fact]
    public async Task Built_ExactAlone_Exact() => Assert.Equal(TransformerKind.Exact, await BuiltAsync(static c => c.AddExactForwarding()));

    [Fact]
    public async Task Built_ExactAndAnother_Custom() =>
        Assert.Equal(TransformerKind.Custom, await BuiltAsync(static c => c.AddExactForwarding().AddResponseHeader("X-A", "1")));

    [Fact]
    public async Task Built_ExactTwice_Custom() =>
        Assert.Equal(TransformerKind.Custom, await BuiltAsync(static c => c.AddExactForwarding().AddExactForwarding()));

    [Fact]
    public async Task Built_ExactAndHeadersCopied_Custom() =>
        Assert.Equal(TransformerKind.Custom, await BuiltAsync(static c => c.AddExactForwarding().CopyRequestHeaders = true));

    [Fact]
    public async Task Built_Anything_Custom()
    {
        Action<TransformBuilderContext>[] others =
        [
            static c => c.AddRequestHeader("X-A", "1"),
            static c => c.AddResponseHeader("X-A", "1"),
            static c => c.AddResponseTrailer("X-A", "1"),
            static c => c.AddXForwarded(ForwardedTransformActions.Append),
            static c => c.AddOriginalHost(),
            static c => c.AddOriginalHost(false),
            static c => c.UseDefaultForwarders = false,
            static c => c.CopyRequestHeaders = false,
            static c => c.CopyResponseHeaders = false,
            static c => c.CopyResponseTrailers = false,
        ];
        foreach (var other in others)
            Assert.Equal(TransformerKind.Custom, await BuiltAsync(other));
    }

    [Fact]
    public async Task Built_SessionAffinity_Custom()
    {
        await using var services = Services(null);
        var cluster = new ClusterConfig
        {
            ClusterId = "c",
            SessionAffinity = new SessionAffinityConfig { Enabled = true, Policy = "Cookie", AffinityKeyName = "a" },
        };
        Assert.Equal(TransformerKind.Custom, ClassifiedTransformer.KindOf(services.GetRequiredService<ITransformBuilder>().Build(new RouteConfig { RouteId = "r" }, cluster)));
    }

    [Fact]
    public async Task Built_TransformOfTheRoute_Custom()
    {
        await using var services = Services(null);
        var route = new RouteConfig { RouteId = "r" }.WithTransformPathRemovePrefix("/a");
        Assert.Equal(TransformerKind.Custom, ClassifiedTransformer.KindOf(services.GetRequiredService<ITransformBuilder>().Build(route, null)));
    }

    [Fact]
    public async Task Created_LikeBuilt()
    {
        await using var services = Services(null);
        var builder = services.GetRequiredService<ITransformBuilder>();
        Assert.Equal(TransformerKind.Exact, ClassifiedTransformer.KindOf(builder.Create(static c => c.AddExactForwarding())));
        Assert.Equal(TransformerKind.Default, ClassifiedTransformer.KindOf(builder.Create(static _ => { })));
        Assert.Equal(TransformerKind.Custom, ClassifiedTransformer.KindOf(builder.Create(static c => c.AddRequestHeader("X-A", "1"))));
    }

    [Fact]
    public void YarpsOwn_ByReference()
    {
        Assert.Equal(TransformerKind.Default, ClassifiedTransformer.KindOf(HttpTransformer.Default));
        Assert.Equal(TransformerKind.Empty, ClassifiedTransformer.KindOf(HttpTransformer.Empty));
    }

    private static async Task<TransformerKind> BuiltAsync(Action<TransformBuilderContext>? transforms)
    {
        await using var services = Services(transforms);
        return ClassifiedTransformer.KindOf(services.GetRequiredService<ITransformBuilder>().Build(new RouteConfig { RouteId = "r" }, null));
    }

    private static ServiceProvider Services(Action<TransformBuilderContext>? transforms)
    {
        var services = new ServiceCollection().AddLogging();
        // Transforms that are added later count, too.
        var proxy = services.AddReverseProxy().AddDirectForwarder();
        if (transforms is not null)
            proxy.AddTransforms(transforms);
        return services.BuildServiceProvider();
    }
}
