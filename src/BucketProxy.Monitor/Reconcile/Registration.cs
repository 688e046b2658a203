using System.Text.Json;
using System.Text.Json.Serialization;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Monitor.Reconcile;

/// <summary>The registration that we write on a configured node's behalf: what dtable-web expects, and a mark that it is ours.</summary>
internal sealed record Registration(
    [property: JsonPropertyName("node_url")] string NodeUrl,
    [property: JsonPropertyName("local_node_url")] string LocalNodeUrl,
    [property: JsonPropertyName("registered_by")] string RegisteredBy)
{
    public static Registration Of(NodeOptions node) =>
        new(node.NodeUrl ?? node.LocalNodeUrl!, node.LocalNodeUrl!, NodeRegistration.OurMark);

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>With and without the slash at its end, a URL is the same.</summary>
    public static string Trim(string url) => url.TrimEnd('/');
}
