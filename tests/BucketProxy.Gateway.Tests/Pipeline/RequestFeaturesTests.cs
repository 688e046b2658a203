using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Gateway.Tests.Pipeline;

/// <summary>Whatever is done to it, it answers as a plain collection of the same features would.</summary>
public class RequestFeaturesTests
{
    // Kept in front, the server's, and such as nobody here knows.
    private static readonly (Type Key, Func<object> Make)[] Kinds =
    [
        (typeof(IAnswerFeature), () => new AnswerFeature(Cause.Moved)),
        (typeof(IHoldFeature), () => new HoldFeature(TimeSpan.FromSeconds(1))),
        (typeof(IEndpointFeature), () => new Route()),
        (typeof(IForwarderErrorFeature), () => new Error()),
        (typeof(IHttpRequestFeature), () => new HttpRequestFeature()),
        (typeof(IHttpResponseFeature), () => new HttpResponseFeature()),
        (typeof(IHttpConnectionFeature), () => new HttpConnectionFeature()),
        (typeof(IHttpRequestLifetimeFeature), () => new HttpRequestLifetimeFeature()),
        (typeof(IItemsFeature), () => new ItemsFeature()),
        (typeof(IHttpBodyControlFeature), () => new BodyControl()),
    ];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void AnyUse_AnswersAsAPlainCollection(int seed)
    {
        var random = new Random(seed);
        var features = new RequestFeatures();
        for (var request = 0; request < 20; request++)
        {
            var (server, model) = Server(random);
            features.Begin(server);
            for (var step = 0; step < 30; step++)
            {
                var (key, make) = Kinds[random.Next(Kinds.Length)];
                if (random.Next(3) == 0)
                {
                    var value = random.Next(4) == 0 ? null : make();
                    var (revision, before) = (features.Revision, model[key]);
                    features[key] = value;
                    model[key] = value;
                    // Whoever keeps what was there before must find out.
                    if (before is not null && !ReferenceEquals(before, value))
                        Assert.NotEqual(revision, features.Revision);
                }
                Assert.Same(model[key], features[key]);
                Assert.Same(model.Get<IHttpRequestFeature>(), features.Get<IHttpRequestFeature>());
                Assert.Same(model.Get<IAnswerFeature>(), features.Get<IAnswerFeature>());
                Assert.Same(model.Get<IItemsFeature>(), features.Get<IItemsFeature>());
            }
            Assert.Equal(Listed(model), Listed(features));
            features.End();
        }
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    [Fact]
    public void NextRequest_HasNothingOfTheOneBefore()
    {
        var features = new RequestFeatures();
        var server = new FeatureCollection();
        var own = new HttpRequestLifetimeFeature();
        server.Set<IHttpRequestLifetimeFeature>(own);
        features.Begin(server);
        features.Set<IAnswerFeature>(new AnswerFeature(Cause.Moved));
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        features.End();

        // As the server does it.
        server.Set<IHttpRequestLifetimeFeature>(own);
        features.Begin(server);

        Assert.Null(features.Get<IAnswerFeature>());
        Assert.Same(own, features.Get<IHttpRequestLifetimeFeature>());
    }

    [Fact]
    public void Set_NotOfThatType_Refused()
    {
        var features = new RequestFeatures();
        features.Begin(new FeatureCollection());

        Assert.Throws<ArgumentException>(() => features[typeof(IAnswerFeature)] = new object());
    }

    private static (FeatureCollection Server, FeatureCollection Model) Server(Random random)
    {
        var (server, model) = (new FeatureCollection(), new FeatureCollection());
        foreach (var (key, make) in Kinds.Skip(4))
        {
            if (random.Next(2) == 0)
                continue;
            var value = make();
            server[key] = value;
            model[key] = value;
        }
        return (server, model);
    }

    private static List<string> Listed(IFeatureCollection features) =>
        [.. features.Select(f => $"{f.Key.Name} {System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(f.Value)}").Order(StringComparer.Ordinal)];

    private sealed class Error : IForwarderErrorFeature
    {
        ForwarderError IForwarderErrorFeature.Error => ForwarderError.Request;

        public Exception? Exception => null;
    }

    private sealed class Route : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; }
    }

    private sealed class BodyControl : IHttpBodyControlFeature
    {
        public bool AllowSynchronousIO { get; set; }
    }
}
