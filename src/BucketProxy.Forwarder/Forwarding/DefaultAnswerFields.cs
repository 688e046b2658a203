using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Takes over a destination's headers as YARP does.</summary>
internal readonly struct DefaultAnswerFields(IHeaderDictionary headers) : IFieldSink
{
    private static readonly StringCache Names = new(places: 256, longest: 64);
    private static readonly StringCache Values = new(places: 1024, longest: 128);

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var header = YarpHeaders.Of(Names.Get(name));
        if (header.Kind == YarpHeaderKind.Left)
            return;
        var before = headers[header.Name];
        // The proxy's own stands: a client takes the first alone (RFC 6797 section 8.1).
        if (header.Name == "Strict-Transport-Security" && !StringValues.IsNullOrEmpty(before))
            return;
        var text = Values.Get(value);
        headers[header.Name] = before.Count == 0 ? text : StringValues.Concat(before, text);
    }
}
