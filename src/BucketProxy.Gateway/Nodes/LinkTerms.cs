using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Forwarding;
using BucketProxy.Gateway.Admission;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Nodes;

/// <summary>
/// What holds for requests to a node that has a gate, and at a gate for those to its own server. Other nodes have none, and get the bytes that they always got.
/// </summary>
internal sealed class LinkTerms : IDeliveryTermsFeature
{
    private readonly TableMark _mark;

    /// <param name="node">The node.</param>
    /// <param name="table">The table that requests go by.</param>
    /// <param name="client">The connections of one run of the gate's own server; null: those of all.</param>
    public LinkTerms(NodeRecord node, RoutingTable table, DirectHttpClient? client)
    {
        Client = client;
        _mark = TableMark.Of(table);
        Refusal = node.Gate == GateKind.None
            ? null
            : new RefusalTerms(TableMark.HeaderName, _mark.ToString(), StatusCodes.Status421MisdirectedRequest);
    }

    public DirectHttpClient? Client { get; }

    public RefusalTerms? Refusal { get; }

    /// <summary>A server behind a gate that answered with it would speak in the gate's name.</summary>
    public string HiddenHeader => TableMark.HeaderName;

    /// <summary>Whether they are what they would be for this table.</summary>
    public bool AreFor(RoutingTable table) => Refusal is null || TableMark.Of(table) == _mark;
}
