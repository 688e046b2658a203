using System.Globalization;
using System.Text;

namespace BucketProxy.Admin.Live;

/// <summary>One server-sent event as it goes over the wire, written once for all listeners.</summary>
/// <param name="Id">Its place in the run.</param>
/// <param name="Bytes">The whole of it, with the empty line at its end.</param>
internal sealed record LiveMessage(long Id, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>What keeps a connection, and the page's trust in it, alive: a comment.</summary>
    public static ReadOnlyMemory<byte> KeepAlive { get; } = ":\n\n"u8.ToArray();

    /// <param name="run">The run of the instance.</param>
    /// <param name="id">Its place in the run.</param>
    /// <param name="name">snapshot or change.</param>
    /// <param name="json">JSON without line ends.</param>
    public static LiveMessage Of(string run, long id, string name, ReadOnlySpan<byte> json)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: {name}\nid: {run}-{id}\ndata: "));
        return new LiveMessage(id, (byte[])[.. head, .. json, (byte)'\n', (byte)'\n']);
    }

    /// <summary>The place in this run that a Last-Event-ID names; null: it is of another run, or none.</summary>
    public static long? PlaceOf(string? eventId, string run) =>
        eventId is not null && eventId.StartsWith(run + "-", StringComparison.Ordinal)
        && long.TryParse(eventId.AsSpan(run.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}
