using BucketProxy.Gateway.Admission;

namespace BucketProxy.Gateway.Model;

/// <summary>That another proxy, or gate, sent the request. Set by the guard stage of a gate.</summary>
internal interface IMarkFeature
{
    /// <summary>The table that the sender went by; null where it says so in a way that this version does not know.</summary>
    TableMark? Table { get; }
}

/// <inheritdoc cref="IMarkFeature"/>
internal sealed class MarkFeature(TableMark? table) : IMarkFeature
{
    public TableMark? Table => table;
}
