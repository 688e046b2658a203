using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.RequestLogging;

/// <summary>How a line of the request log looks.</summary>
public enum RequestLogFormat
{
    /// <summary>For people: <c>2026-01-31T12:00:00.000Z 192.0.2.7 GET /dtables/…/ 200 node dtable-server-01 0b@1234 held 0 ms, took 3.1 ms, 512 bytes</c>.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Turns records into lines, and keeps them until they are written. Used by one task.</summary>
internal sealed class RequestLines(RequestLogFormat format) : IDisposable
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private readonly ArrayBufferWriter<byte> _lines = new(16 * 1024);

    // Nobody reads it as part of a page, so quotes and signs in targets may stay readable.
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public int Length => _lines.WrittenCount;

    public ReadOnlyMemory<byte> Bytes => _lines.WrittenMemory;

    public void Clear() => _lines.ResetWrittenCount();

    public void Add(in RequestRecord record, DateTimeOffset endedAt)
    {
        if (format == RequestLogFormat.Json)
            AddJson(record, endedAt);
        else
            AddText(record, endedAt);
        _lines.Write("\n"u8);
    }

    public void Dispose() => _json.Dispose();

    private void AddText(in RequestRecord record, DateTimeOffset endedAt)
    {
        var line = new StringBuilder(256);
        line.Append(CultureInfo.InvariantCulture, $"{Time(endedAt)} {record.Client ?? "-"} {record.Method} {SecretFreeTarget.Of(record.Target)} {record.Status} {Names.Of(record.Cause)} {record.Node ?? "-"} ");
        if (record.Base is { } id)
            line.Append(CultureInfo.InvariantCulture, $"{id.Bucket}@{record.Epoch}");
        else
            line.Append('-');
        line.Append(CultureInfo.InvariantCulture, $" held {record.Held.TotalMilliseconds:0.###} ms, took {record.Duration.TotalMilliseconds:0.###} ms, {record.Bytes} bytes");
        if (record.Trace is { } trace)
            line.Append(" trace ").Append(trace.ToHexString());
        Encoding.UTF8.GetBytes(line.ToString(), _lines);
    }

    private void AddJson(in RequestRecord record, DateTimeOffset endedAt)
    {
        var json = _json;
        json.Reset(_lines);
        json.WriteStartObject();
        json.WriteString("time"u8, Time(endedAt));
        json.WriteString("client"u8, record.Client);
        json.WriteString("method"u8, record.Method);
        json.WriteString("target"u8, SecretFreeTarget.Of(record.Target));
        json.WriteNumber("status"u8, record.Status);
        json.WriteString("cause"u8, Names.Of(record.Cause));
        if (record.Node is { } node)
            json.WriteString("node"u8, node);
        if (record.Base is { } id)
        {
            json.WriteString("base"u8, id.ToString());
            json.WriteString("bucket"u8, id.Bucket.ToString());
            json.WriteNumber("epoch"u8, record.Epoch);
        }
        json.WriteNumber("held_ms"u8, Math.Round(record.Held.TotalMilliseconds, 3));
        json.WriteNumber("duration_ms"u8, Math.Round(record.Duration.TotalMilliseconds, 3));
        json.WriteNumber("bytes"u8, record.Bytes);
        if (record.Trace is { } trace)
            json.WriteString("trace"u8, trace.ToHexString());
        json.WriteEndObject();
        json.Flush();
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
