using System.Text;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Takes over a destination's headers as they are, but for those that concern its connection only.</summary>
internal struct AnswerFields(IHeaderDictionary headers) : IFieldSink
{
    private static readonly StringCache Names = new(places: 256, longest: 64);
    private static readonly StringCache Values = new(places: 1024, longest: 128);
    private HashSet<string>? _nominated;
    private List<string>? _trailers;

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var key = Names.Get(name);
        if (HopByHop.IsResponseOnly(key))
        {
            if (key.Equals("Connection", StringComparison.OrdinalIgnoreCase) && HopByHop.Nominated(Values.Get(value)) is { } more)
                (_nominated ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).UnionWith(more);
            else if (key.Equals("Trailer", StringComparison.OrdinalIgnoreCase))
                (_trailers ??= []).Add(Encoding.Latin1.GetString(value));
            return;
        }
        var text = Values.Get(value);
        if (headers.TryGetValue(key, out var before) && before.Count > 0)
            headers[key] = StringValues.Concat(before, text);
        else
            headers[key] = text;
    }

    /// <summary>Takes back what a <c>Connection</c> header, maybe a later one, says is not for us.</summary>
    public readonly void Finish()
    {
        if (_nominated is null)
            return;
        foreach (var name in _nominated)
            headers.Remove(name);
    }

    /// <summary>Names of announced trailers, one text per header; null when none are.</summary>
    public readonly StringValues Trailers => _trailers is null ? default : _trailers.ToArray();
}
