using System.Buffers;
using System.Text.Json;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;

namespace BucketProxy.Admin.Live;

/// <summary>What the dashboard shows, at one moment, each part already written as JSON: a part goes out again only when its text differs.</summary>
internal sealed class LiveState
{
    private readonly BucketOwner[] _buckets;
    private readonly (string Name, string Json)[] _parts;

    private LiveState(DateTimeOffset at, BucketOwner[] buckets, (string Name, string Json)[] parts)
    {
        At = at;
        _buckets = buckets;
        _parts = parts;
    }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; }

    /// <summary>What the instance knows now.</summary>
    public static LiveState Of(AdminContext context, DateTimeOffset now)
    {
        var view = context.View;
        var status = context.Status();
        // The age of a store that answers changes all the time and says nothing; that of one that does not, by the second.
        var age = status.Store.Connected ? null : status.Store.AgeSeconds is { } seconds ? Math.Floor(seconds) : (double?)null;
        var buckets = ClusterReports.Buckets(context.Table(), view);
        var loads = new LoadFigures([.. buckets.Select(b => Math.Round(b.Rate, 2))], [.. buckets.Select(b => b.Sockets)]);
        return new LiveState(now, [.. buckets.Select(b => new BucketOwner(b.Bucket, b.Node, b.Epoch, b.State))],
        [
            ("status", Json(status with { Store = status.Store with { AgeSeconds = age } })),
            ("nodes", Json(NodeReports.Of(view, context.Settings.Nodes, context.Desk.Standings()))),
            ("pins", Json(ClusterReports.Pins(context.Table()))),
            ("moves", Json(ClusterReports.Standing(view))),
            ("loads", Json(loads)),
        ]);
    }

    /// <summary>A <see cref="LiveSnapshot"/>.</summary>
    public byte[] Snapshot(string run) => Write(json =>
    {
        json.WriteString("run", run);
        json.WriteString("at", At);
        WriteBuckets(json, _buckets);
        foreach (var (name, part) in _parts)
            WritePart(json, name, part);
    });

    /// <summary>A <see cref="LiveChange"/>, or null: nothing has changed.</summary>
    /// <param name="before">The state before.</param>
    /// <param name="history">What happened in between.</param>
    public byte[]? Since(LiveState before, IReadOnlyList<HistoryEntry> history)
    {
        var buckets = _buckets.Except(before._buckets).ToArray();
        var parts = _parts.Except(before._parts).ToArray();
        if (buckets.Length == 0 && parts.Length == 0 && history.Count == 0)
            return null;
        return Write(json =>
        {
            json.WriteString("at", At);
            if (buckets.Length > 0)
                WriteBuckets(json, buckets);
            foreach (var (name, part) in parts)
                WritePart(json, name, part);
            if (history.Count > 0)
                WritePart(json, "history", Json(history));
        });
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, AdminJson.Options);

    private static void WriteBuckets(Utf8JsonWriter json, IReadOnlyList<BucketOwner> buckets) => WritePart(json, "buckets", Json(buckets));

    private static void WritePart(Utf8JsonWriter json, string name, string part)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(part, skipInputValidation: true);
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
