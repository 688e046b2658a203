using BucketProxy.Configuration;

namespace BucketProxy.Demo;

/// <summary>How the demonstration runs.</summary>
internal sealed record DemoOptions
{
    /// <summary>True: about 20 seconds, one node taken away and brought back, one killed, a verdict. False: until stopped.</summary>
    public bool Once { get; init; }

    /// <summary>Settings of <see cref="DemoSettings"/>, without errors.</summary>
    public required BucketProxySettings Settings { get; init; }

    /// <summary>How many bases are asked for.</summary>
    public int Bases { get; init; } = 300;
}
