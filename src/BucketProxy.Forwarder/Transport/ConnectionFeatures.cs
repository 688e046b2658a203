using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Forwarder.Transport;

/// <summary>
/// The features of a connection: its own are itself, and the few that others put in stand in an array. A dictionary per connection would
/// cost as much as all the rest of it.
/// </summary>
internal sealed class ConnectionFeatures(LoopConnection connection) : IFeatureCollection
{
    private (Type Key, object? Value)[] _others = [];
    private int _count;
    private int _revision;

    public bool IsReadOnly => false;

    public int Revision => _revision;

    public object? this[Type key]
    {
        get
        {
            for (var i = 0; i < _count; i++)
            {
                if (_others[i].Key == key)
                    return _others[i].Value;
            }
            // The server asks here for whatever a request does not have, several times each.
            if (!IsOwn(key))
                return null;
            return key != typeof(IConnectionDetachFeature) || connection.CanDetach ? connection : null;
        }
        set
        {
            _revision++;
            for (var i = 0; i < _count; i++)
            {
                if (_others[i].Key != key)
                    continue;
                _others[i].Value = value;
                return;
            }
            if (_count == _others.Length)
                Array.Resize(ref _others, Math.Max(4, _count * 2));
            _others[_count++] = (key, value);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (var key in Own)
        {
            if (this[key] is { } value)
                yield return new(key, value);
        }
        for (var i = 0; i < _count; i++)
        {
            if (_others[i] is { Value: { } value } other && !IsOwn(other.Key))
                yield return new(other.Key, value);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static readonly Type[] Own =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionItemsFeature), typeof(IConnectionTransportFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IMemoryPoolFeature), typeof(IConnectionDetachFeature),
    ];

    private static bool IsOwn(Type key) =>
        key == typeof(IConnectionIdFeature) || key == typeof(IConnectionItemsFeature) || key == typeof(IConnectionTransportFeature)
        || key == typeof(IConnectionLifetimeFeature) || key == typeof(IConnectionEndPointFeature) || key == typeof(IMemoryPoolFeature)
        || key == typeof(IConnectionDetachFeature);
}
