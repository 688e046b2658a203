using System.Collections;
using System.Runtime.CompilerServices;
using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Gateway.Model;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>
/// The features of a request: the server's, and in front of them one place for each that a request in this pipeline is asked for, set or not. The server's own
/// collection looks through some 35 types for each question, and then through the connection's; a pipeline asks some thirty times.
/// </summary>
internal sealed class RequestFeatures : IFeatureCollection
{
    // Those below are kept here; those from here on are the server's.
    private const int FirstOfServer = 10;
    private const int Count = 17;
    private static readonly Type[] Own =
    [
        typeof(IReverseProxyFeature), typeof(ITargetFeature), typeof(IGrantFeature), typeof(IEndpointFeature), typeof(IForwarderErrorFeature),
        typeof(IAnswerFeature), typeof(IHoldFeature), typeof(ISpanFeature), typeof(IDeliveryTermsFeature), typeof(IMarkFeature),
    ];

    private readonly object?[] _places = new object?[Count];
    private IFeatureCollection _server = null!;
    private bool _isReplaced;

    public bool IsReadOnly => false;

    /// <summary>Goes on when a feature gives way to another: who keeps one asks for it again. What was not there is kept by nobody.</summary>
    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            var place = PlaceOf(key);
            if (place < 0)
                return _server[key];
            var feature = _places[place];
            return feature is not null || place < FirstOfServer ? feature : _places[place] = _server[key];
        }
        set
        {
            if (value is not null && !key.IsInstanceOfType(value))
                throw new ArgumentException($"A {value.GetType()} is no {key}.", nameof(value));
            Put(key, value);
        }
    }

    // What stands in a place is of its type: it was put there so, or came so from the server.
    public TFeature? Get<TFeature>()
    {
        var place = PlaceOf(typeof(TFeature));
        if (place < 0)
            return (TFeature?)_server[typeof(TFeature)];
        var feature = _places[place] ?? this[typeof(TFeature)];
        return Unsafe.As<object?, TFeature?>(ref feature);
    }

    public void Set<TFeature>(TFeature? instance) => Put(typeof(TFeature), instance);

    /// <summary>A request begins.</summary>
    /// <param name="server">The server's features of it.</param>
    public void Begin(IFeatureCollection server)
    {
        // What a server has of its own is the same for every request that it uses the collection for.
        if (!ReferenceEquals(server, _server) || _isReplaced)
            Array.Clear(_places, FirstOfServer, Count - FirstOfServer);
        _server = server;
        _isReplaced = false;
    }

    /// <summary>It is over. Nothing of it is kept.</summary>
    public void End() => Array.Clear(_places, 0, FirstOfServer);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var place = 0; place < FirstOfServer; place++)
        {
            if (_places[place] is { } feature)
                yield return new(Own[place], feature);
        }
        foreach (var feature in _server)
        {
            if (PlaceOf(feature.Key) is < 0 or >= FirstOfServer)
                yield return feature;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Put(Type key, object? value)
    {
        var place = PlaceOf(key);
        if (place is < 0 or >= FirstOfServer)
        {
            _server[key] = value;
            Revision++;
        }
        if (place < 0)
            return;
        ref var feature = ref _places[place];
        if (place >= FirstOfServer)
            _isReplaced = true;
        else if (feature is not null)
            Revision++;
        feature = value;
    }

    private static int PlaceOf(Type key) =>
        key == typeof(IReverseProxyFeature) ? 0
        : key == typeof(ITargetFeature) ? 1
        : key == typeof(IGrantFeature) ? 2
        : key == typeof(IHttpRequestFeature) ? FirstOfServer
        : key == typeof(IHttpResponseFeature) ? FirstOfServer + 1
        : key == typeof(IHttpResponseBodyFeature) ? FirstOfServer + 2
        : key == typeof(IHttpRequestLifetimeFeature) ? FirstOfServer + 3
        : key == typeof(IEndpointFeature) ? 3
        : key == typeof(IForwarderErrorFeature) ? 4
        : key == typeof(IHttpUpgradeFeature) ? FirstOfServer + 4
        : key == typeof(IHttpRequestBodyDetectionFeature) ? FirstOfServer + 5
        : key == typeof(IHttpConnectionFeature) ? FirstOfServer + 6
        : key == typeof(IAnswerFeature) ? 5
        : key == typeof(IHoldFeature) ? 6
        : key == typeof(ISpanFeature) ? 7
        : key == typeof(IDeliveryTermsFeature) ? 8
        : key == typeof(IMarkFeature) ? 9
        : -1;
}
