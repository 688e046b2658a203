using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BucketProxy.Gateway.Telemetry.Requests;

/// <summary>How a line of the request log looks.</summary>
public enum RequestLogFormat
{
    /// <summary>For people: <c>2026-01-31T12:00:00.000Z GET /dtables/…/ 200 dtable-server-01 0b@1234 held 0 ms, took 3.1 ms, 512 bytes</c>.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Turns records into lines.</summary>
internal static class RequestLines
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public static void Append(StringBuilder lines, in RequestRecord record, DateTimeOffset endedAt, RequestLogFormat format)
    {
        var at = endedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
        if (format == RequestLogFormat.Json)
            AppendJson(lines, record, at);
        else
            AppendText(lines, record, at);
        lines.Append('\n');
    }

    private static void AppendText(StringBuilder lines, in RequestRecord record, string at)
    {
        lines.Append(CultureInfo.InvariantCulture, $"{at} {record.Client ?? "-"} {record.Method} {SecretFreeTarget.Of(record.Target)} {record.Status} {Names.Of(record.Cause)} {record.Node ?? "-"} ");
        if (record.Base is { } id)
            lines.Append(CultureInfo.InvariantCulture, $"{id.Bucket}@{record.Epoch}");
        else
            lines.Append('-');
        lines.Append(CultureInfo.InvariantCulture, $" held {record.Held.TotalMilliseconds:0.###} ms, took {record.Duration.TotalMilliseconds:0.###} ms, {record.Bytes} bytes");
        if (record.Trace is { } trace)
            lines.Append(" trace ").Append(trace.ToHexString());
    }

    private static void AppendJson(StringBuilder lines, in RequestRecord record, string at)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, at);
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
        }
        lines.Append(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
