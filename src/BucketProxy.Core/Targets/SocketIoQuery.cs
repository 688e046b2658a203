using System.Numerics;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Text;

namespace BucketProxy.Core.Targets;

/// <summary>
/// Finds <c>dtable_uuid</c> among the parameters of <c>/socket.io/</c>. Servers decode names as well as values, and differ
/// in which of two values counts: so names are decoded, and two different values are refused.
/// </summary>
internal static class SocketIoQuery
{
    public static RequestTarget Read<TChar>(ReadOnlySpan<TChar> query, int forwardStart)
        where TChar : unmanaged, IBinaryInteger<TChar>
    {
        BaseId? found = null;
        var hasSession = false;
        while (!query.IsEmpty)
        {
            var end = query.IndexOf(Ascii.Of<TChar>('&'));
            var pair = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            var equals = pair.IndexOf(Ascii.Of<TChar>('='));
            var name = equals < 0 ? pair : pair[..equals];
            if (PercentEncoded.StartsWith(name, "sid", out var rest) && rest.IsEmpty)
                hasSession = true;
            if (!PercentEncoded.StartsWith(name, "dtable_uuid", out rest))
                continue;
            if (!rest.IsEmpty)
            {
                // dtable_uuid[]=… is an array to some readers, another name to others.
                if (PercentEncoded.StartsWith(rest, "[", out _))
                    return RequestTarget.Malformed(TargetFault.SeveralBases, isSocketIo: true);
                continue;
            }
            var value = equals < 0 ? default : pair[(equals + 1)..];
            if (!PercentEncoded.TryReadBase(value, out var id))
                return RequestTarget.Malformed(TargetFault.NotAUuid, isSocketIo: true);
            if (found is { } other && other != id)
                return RequestTarget.Malformed(TargetFault.SeveralBases, isSocketIo: true);
            found = id;
        }
        return found is { } theOne
            ? RequestTarget.OfSocketIo(theOne, forwardStart, hasSession)
            : RequestTarget.SocketIoWithoutBase(forwardStart, hasSession);
    }
}
