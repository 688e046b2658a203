using BucketProxy.Core.Targets;

namespace BucketProxy.Gateway.Model;

/// <summary>What a request asks for. Set by the target stage.</summary>
public interface ITargetFeature
{
    /// <summary>The request target as it stood in the request line, a prefix that was stripped included.</summary>
    string Received { get; }

    /// <summary>What it asks for.</summary>
    RequestTarget Target { get; }

    /// <summary>How it is carried; meaningful only where the target names a base.</summary>
    Carriage Carriage { get; }
}

/// <inheritdoc cref="ITargetFeature"/>
internal sealed class TargetFeature(string received, in RequestTarget target, Carriage carriage) : ITargetFeature
{
    private readonly RequestTarget _target = target;

    public string Received => received;

    public RequestTarget Target => _target;

    public Carriage Carriage => carriage;
}
