using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Hosting;

/// <summary>Answers of our own. Errors are JSON: <c>{"error_msg": "…"}</c>.</summary>
internal static class OwnAnswer
{
    private static readonly byte[] Pong = "pong"u8.ToArray();

    public static Task PongAsync(Exchange exchange)
    {
        var response = exchange.Http.Response;
        exchange.Cause = Cause.Local;
        response.ContentType = "text/plain";
        response.ContentLength = Pong.Length;
        return HttpMethods.IsHead(exchange.Http.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(Pong).AsTask();
    }

    /// <summary>Answers with an error. Nothing must have been answered yet; what a failed attempt left behind is cleared.</summary>
    public static Task ErrorAsync(Exchange exchange, int status, string message, Cause cause)
    {
        exchange.Cause = cause;
        var http = exchange.Http;
        if (http.Response.HasStarted)
        {
            // Too late for words: a cut connection is the only truth left.
            http.Abort();
            return Task.CompletedTask;
        }
        http.Response.Clear();
        http.Response.StatusCode = status;
        return JsonAsync(exchange, Error(message));
    }

    /// <summary>Answers 503 with <c>Retry-After</c>.</summary>
    public static Task UnavailableAsync(Exchange exchange, string message, string retryAfter, Cause cause)
    {
        var answer = exchange.Http.Response;
        if (answer.HasStarted)
            return ErrorAsync(exchange, StatusCodes.Status503ServiceUnavailable, message, cause);
        exchange.Cause = cause;
        answer.Clear();
        answer.StatusCode = StatusCodes.Status503ServiceUnavailable;
        answer.Headers.RetryAfter = retryAfter;
        return JsonAsync(exchange, Error(message));
    }

    /// <summary>Sends JSON with the status that is set.</summary>
    public static Task JsonAsync(Exchange exchange, ReadOnlyMemory<byte> json)
    {
        var response = exchange.Http.Response;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        return HttpMethods.IsHead(exchange.Http.Request.Method)
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
