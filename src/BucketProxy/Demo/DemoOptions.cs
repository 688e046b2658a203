namespace BucketProxy.Demo;

/// <summary>How the demonstration runs.</summary>
internal sealed record DemoOptions
{
    /// <summary>True: about ten seconds, one node taken away and brought back, a verdict. False: until stopped.</summary>
    public bool Once { get; init; }

    /// <summary>The data port; 0: any free one. The usual one is taken if it is free.</summary>
    public int Port { get; init; } = 5550;

    /// <summary>The operators' port; 0: any free one.</summary>
    public int AdminPort { get; init; } = 5555;

    /// <summary>How many bases are asked for.</summary>
    public int Bases { get; init; } = 300;
}
