using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BucketProxy.Gateway.Pipeline;

/// <summary>What a user of the code adds to the data port.</summary>
public sealed record GatewayExtensions
{
    /// <summary>Adds to YARP: transforms of the one route above all (<c>AddTransforms</c>). Called once, before the port is built.</summary>
    public Action<IReverseProxyBuilder>? Proxy { get; init; }

    /// <summary>
    /// Adds middlewares of YARP's pipeline, behind the grant stage and in front of the tunnel stage: there the request's base and owner are
    /// known (<see cref="Model.ITargetFeature"/>, <see cref="Model.IGrantFeature"/>), and nothing was sent. They run once for each attempt. They must not change
    /// YARP's destinations: a request goes to its owner and to nobody else.
    /// </summary>
    public Action<IReverseProxyApplicationBuilder>? Pipeline { get; init; }
}
