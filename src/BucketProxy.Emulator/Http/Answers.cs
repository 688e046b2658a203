using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Emulator.Http;

/// <summary>The few shapes of answers and bodies.</summary>
internal static class Answers
{
    public static async Task JsonAsync(this HttpContext context, JsonNode answer, int status = StatusCodes.Status200OK)
    {
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    public static Task ErrorAsync(this HttpContext context, int status, string message) =>
        context.JsonAsync(new JsonObject { ["error_msg"] = message }, status);

    /// <summary>The body as an object, also of GET and DELETE; null (and answered 400) when it is none.</summary>
    public static async Task<JsonObject?> BodyAsync(this HttpContext context)
    {
        try
        {
            if (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted) is JsonObject body)
                return body;
        }
        catch (JsonException)
        {
            // Answered below, as any other body that is no object.
        }
        await context.ErrorAsync(StatusCodes.Status400BadRequest, "The body must be a JSON object.");
        return null;
    }

    public static string? Text(this JsonObject body, string name) => body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static IEnumerable<JsonObject> Objects(this JsonObject body, string name) => body[name] is JsonArray array ? array.OfType<JsonObject>() : [];

    public static IEnumerable<string> Texts(this JsonObject body, string name) =>
        body[name] is JsonArray array ? array.OfType<JsonValue>().Select(value => value.ToString()) : [];
}
