using System.Buffers;
using System.Text.Json;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Answers;

/// <summary>Answers of our own. Errors are JSON: <c>{"error_msg": "…"}</c>.</summary>
internal static class OwnAnswer
{
    private static readonly byte[] Pong = "pong"u8.ToArray();

    public static Task PongAsync(HttpContext http)
    {
        var response = http.Response;
        http.SetCause(Cause.Local);
        UnreadBody.Settle(http);
        response.ContentType = "text/plain";
        response.ContentLength = Pong.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(Pong).AsTask();
    }

    /// <summary>Answers with an error. Nothing must have been answered yet; what a failed attempt left behind is cleared.</summary>
    public static Task ErrorAsync(HttpContext http, int status, string message, Cause cause)
    {
        http.SetCause(cause);
        if (http.Response.HasStarted)
        {
            // Too late for words: a cut connection is the only truth left.
            http.Abort();
            return Task.CompletedTask;
        }
        http.Response.Clear();
        http.Response.StatusCode = status;
        return JsonAsync(http, Error(message));
    }

    /// <summary>Answers 503 with <c>Retry-After</c>.</summary>
    public static Task UnavailableAsync(HttpContext http, string message, string retryAfter, Cause cause)
    {
        var answer = http.Response;
        if (answer.HasStarted)
            return ErrorAsync(http, StatusCodes.Status503ServiceUnavailable, message, cause);
        http.SetCause(cause);
        answer.Clear();
        answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
        answer.Headers.RetryAfter = retryAfter;
        return JsonAsync(http, Error(message));
    }

    /// <summary>Answers 421 to another proxy, or gate: nothing was sent, by this table.</summary>
    public static Task MisdirectedAsync(HttpContext http, TableMark table)
    {
        http.SetCause(Cause.Misdirected);
        var answer = http.Response;
        answer.Clear();
        answer.StatusCode = StatusCodes.Status421MisdirectedRequest;
        answer.Headers[TableMark.HeaderName] = table.ToString();
        // Without a body its connection is free at once.
        answer.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>Sends JSON with the status that is set.</summary>
    public static Task JsonAsync(HttpContext http, ReadOnlyMemory<byte> json)
    {
        var response = http.Response;
        UnreadBody.Settle(http);
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(json).AsTask();
    }

    private static ReadOnlyMemory<byte> Error(string message)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("error_msg"u8, message);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}
