using BucketProxy.Forwarder.Http1;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Puts a destination's headers on a message.</summary>
internal readonly struct MessageFields(HttpResponseMessage message) : IFieldSink
{
    private static readonly StringCache Names = new(places: 256, longest: 64);
    private static readonly StringCache Values = new(places: 1024, longest: 128);

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var key = Names.Get(name);
        var text = Values.Get(value);
        if (!message.Headers.TryAddWithoutValidation(key, text))
            message.Content.Headers.TryAddWithoutValidation(key, text);
    }
}
