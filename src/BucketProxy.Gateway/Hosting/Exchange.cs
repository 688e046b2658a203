using System.Diagnostics;
using System.Net;
using BucketProxy.Core.Targets;
using BucketProxy.Gateway.Dispatch;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Holding;
using BucketProxy.Gateway.Tunnels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Gateway.Hosting;

/// <summary>
/// One request and its answer. The server keeps one per connection (or HTTP/2 stream) and uses it again, so what
/// belongs to one request is cleared in <see cref="End"/>.
/// </summary>
internal sealed class Exchange
{
    private IPAddress? _clientAddress;
    private string? _clientText;

    public Exchange() => Delivery = new Delivery(this);

    public DefaultHttpContext Http { get; } = new();

    /// <summary>Turns this exchange into a request for a node, and the node's answer into ours.</summary>
    public Delivery Delivery { get; }

    /// <summary>Whether there is a body to send on, and how it is framed.</summary>
    public RequestBody Body { get; set; }

    /// <summary>The request target as it stood in the request line.</summary>
    public string RawTarget { get; private set; } = "";

    /// <summary>What the target asks for.</summary>
    public RequestTarget Target { get; set; }

    /// <summary>How it is carried.</summary>
    public Way Way { get; set; }

    /// <summary>The long poll that this exchange is, while it is under way.</summary>
    public PollTunnel? Poll { get; set; }

    /// <summary>The node that this request goes to in the present attempt.</summary>
    public NodeLink? Link { get; set; }

    /// <summary>Why the answer is ours and not a node's, for metrics.</summary>
    public Cause Cause { get; set; }

    /// <summary>The place among the requests let go after a hold; given back when the node answers.</summary>
    public ReleaseSlot? Slot { get; set; }

    /// <summary>Request plus answer bytes, as far as their lengths are announced.</summary>
    public long Bytes { get; set; }

    /// <summary>When it began; 0 unless somebody wants to know how long it takes.</summary>
    public long BeganAt { get; set; }

    /// <summary>How long it was held before its last attempt.</summary>
    public TimeSpan Held { get; set; }

    /// <summary>The epoch of the grant by which it was sent.</summary>
    public long Epoch { get; set; }

    /// <summary>The span of this request; null unless it is sampled.</summary>
    public Activity? Span { get; set; }

    /// <summary>The span of the present attempt, which the node is told of.</summary>
    public Activity? ForwardSpan { get; set; }

    /// <summary>The client's connection ends with this answer.</summary>
    public bool ClosesConnection { get; set; }

    /// <summary>GET or HEAD: may be sent again, may be cancelled.</summary>
    public bool IsSafe { get; private set; }

    /// <summary>The client's address as text, plain IPv4 where it is one; kept for the connection's life.</summary>
    public string ClientAddress
    {
        get
        {
            var address = Http.Connection.RemoteIpAddress;
            if (!ReferenceEquals(address, _clientAddress) || _clientText is null)
            {
                _clientAddress = address;
                _clientText = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4().ToString() : address?.ToString() ?? "unknown";
            }
            return _clientText;
        }
    }

    public void Begin(IFeatureCollection features)
    {
        Http.Initialize(features);
        RawTarget = features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var method = Http.Request.Method;
        IsSafe = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
    }

    public void End()
    {
        Http.Uninitialize();
        RawTarget = "";
        Target = default;
        Link = null;
        Cause = default;
        Slot = null;
        Poll = null;
        BeganAt = 0;
        Held = default;
        Epoch = 0;
        Span = null;
        ForwardSpan = null;
        Way = default;
        Body = default;
        Bytes = 0;
    }
}
