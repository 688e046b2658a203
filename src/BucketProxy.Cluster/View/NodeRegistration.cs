using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BucketProxy.Core.Nodes;

namespace BucketProxy.Cluster.View;

/// <summary>Reads and writes the JSON of a registration: a SeaTable format, so tolerant of what it does not know.</summary>
public static class NodeRegistration
{
    /// <summary>What <c>registered_by</c> holds in a registration that our registrar wrote.</summary>
    public const string OurMark = "bucketproxy";

    /// <summary>Reads a registration.</summary>
    /// <exception cref="FormatException">It is no JSON object, or its <c>local_node_url</c> is no http or https address.</exception>
    public static NodeRecord Read(string id, ReadOnlyMemory<byte> json, long createRevision)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException e)
        {
            throw new FormatException($"no JSON: {e.Message}", e);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException($"a JSON object is expected, not {document.RootElement.ValueKind}");
            try
            {
                return Read(id, document.RootElement, createRevision);
            }
            catch (InvalidOperationException e)
            {
                // An escape such as \ud800 passes as JSON and fails only when its text is asked for.
                throw new FormatException($"no Unicode: {e.Message}", e);
            }
        }
    }

    private static NodeRecord Read(string id, JsonElement json, long createRevision)
    {
        var local = Text(json, "local_node_url");
        return new NodeRecord
        {
            Id = id,
            LocalUrl = ParseUrl(local),
            LocalUrlText = local!,
            NodeUrl = Text(json, "node_url"),
            StartTime = Text(json, "start_time"),
            RefreshTime = Text(json, "refresh_time"),
            RegisteredByUs = Text(json, "registered_by") == OurMark,
            Gate = Text(json, "gate") switch
            {
                "supervised" => GateKind.Supervised,
                "unsupervised" => GateKind.Unsupervised,
                _ => GateKind.None,
            },
            FollowsPins = json.TryGetProperty("follows_pins", out var follows) && follows.ValueKind == JsonValueKind.True,
            CreateRevision = createRevision,
        };
    }

    /// <summary>A node's address from text, without the slash at its end.</summary>
    /// <exception cref="FormatException">Not an absolute http or https address.</exception>
    public static Uri ParseUrl(string? text) => TryParseUrl(text, out var url)
        ? url
        : throw new FormatException(
            $"local_node_url is {(text is null ? "missing" : $"'{text}'")}; an absolute http:// or https:// address without query is allowed");

    /// <summary>A node's address from text, without the slash at its end; false: not an absolute http or https address.</summary>
    public static bool TryParseUrl(string? text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text?.TrimEnd('/'), UriKind.Absolute, out url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0 && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0;

    // Numbers and strings are both in use for times.
    private static string? Text(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
}
