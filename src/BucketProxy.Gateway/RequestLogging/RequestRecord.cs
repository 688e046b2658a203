using System.Diagnostics;
using BucketProxy.Core.Bases;
using BucketProxy.Gateway.Outcomes;

namespace BucketProxy.Gateway.RequestLogging;

/// <summary>What the request log says of one request. A value, so that handing it over allocates nothing.</summary>
internal readonly record struct RequestRecord
{
    public required string Method { get; init; }

    /// <summary>The target as it came, secrets and all: see <see cref="SecretFreeTarget"/>.</summary>
    public required string Target { get; init; }

    public required string? Client { get; init; }

    public required int Status { get; init; }

    public required Cause Cause { get; init; }

    /// <summary>The base that it was for; null: none.</summary>
    public required BaseId? Base { get; init; }

    /// <summary>The node that it went to last; null: none.</summary>
    public required string? Node { get; init; }

    public required long Epoch { get; init; }

    public required TimeSpan Held { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes of the bodies both ways, as far as their lengths were announced.</summary>
    public required long Bytes { get; init; }

    /// <summary>Null: it has no span.</summary>
    public required ActivityTraceId? Trace { get; init; }
}
