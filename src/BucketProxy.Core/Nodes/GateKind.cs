using System.Text.Json.Serialization;

namespace BucketProxy.Core.Nodes;

/// <summary>What stands in front of a dtable-server.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateKind>))]
public enum GateKind
{
    /// <summary>Nothing: requests go to the server itself.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>A gate that does not own the server's process.</summary>
    [JsonStringEnumMemberName("unsupervised")]
    Unsupervised,

    /// <summary>A gate that owns the server's process: once its lease has ended, the server is dead.</summary>
    [JsonStringEnumMemberName("supervised")]
    Supervised,
}
