using System.Text.Json.Nodes;
using BucketProxy.Core.Bases;
using BucketProxy.Emulator.Bases;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Emulator.Http;

/// <summary>
/// The hand-off of release mode <c>call</c>: <c>POST /bucketproxy/release</c> with <c>{"bucket":"0f","epoch":N}</c>, and <c>base</c> (a UUID, or a pin's 8 and more hex digits) for one pin only.
/// 200 once everything is saved and unloaded; 409 for an epoch lower than one already seen; 500 when it could not be saved, and then it is still loaded.
/// </summary>
internal static class ReleaseRoute
{
    public static async Task ServeAsync(HttpContext context, BaseReleases releases)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await context.ErrorAsync(StatusCodes.Status405MethodNotAllowed, "A release is a POST.");
            return;
        }
        if (await context.BodyAsync() is not { } body)
            return;
        if (!Bucket.TryParse(body.Text("bucket"), out var bucket)
            || body["epoch"] is not JsonValue number || !number.TryGetValue<long>(out var epoch))
        {
            await context.ErrorAsync(StatusCodes.Status400BadRequest, "bucket must be two hex digits, epoch a number.");
            return;
        }
        BasePrefix pin = default;
        if (body["base"] is not null && (!BasePrefix.TryParse(body.Text("base"), out pin) || pin.Bucket != bucket))
        {
            await context.ErrorAsync(StatusCodes.Status400BadRequest, "base must be a UUID, or 8 and more hex digits of one, of that bucket.");
            return;
        }
        try
        {
            var released = body["base"] is null
                ? await releases.BucketAsync(bucket, epoch, context.RequestAborted)
                : await releases.PinAsync(pin, epoch, context.RequestAborted);
            if (released.Ignored)
                await context.ErrorAsync(StatusCodes.Status409Conflict, $"Epoch {epoch} is lower than one already seen.");
            else
                await context.JsonAsync(new JsonObject { ["bucket"] = bucket.ToString(), ["epoch"] = epoch, ["unloaded"] = released.Unloaded });
        }
        catch (IOException e)
        {
            await context.ErrorAsync(StatusCodes.Status500InternalServerError, $"Not saved, still loaded: {e.Message}");
        }
    }
}
