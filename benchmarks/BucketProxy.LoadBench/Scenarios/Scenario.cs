using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;
using BucketProxy.LoadBench.Proxies;

namespace BucketProxy.LoadBench.Scenarios;

/// <summary>Something to measure each proxy with.</summary>
/// <param name="Key">Short name for the command line.</param>
/// <param name="Title">Heading in the report.</param>
/// <param name="Explanation">What exactly is done, one sentence.</param>
internal abstract record Scenario(string Key, string Title, string Explanation)
{
    /// <summary>What is measured, in the order of columns; proxies are compared by the first.</summary>
    public abstract IReadOnlyList<Metric> Metrics { get; }

    /// <summary>How many nodes it needs.</summary>
    public virtual int Nodes => 2;

    /// <summary>True when the nodes must read bodies or speak websocket.</summary>
    public virtual bool NeedsRawNodes => false;

    /// <summary>True when each run needs a process that has done nothing before.</summary>
    public virtual bool NeedsFreshProcess => false;

    /// <summary>True for a comparison of BucketProxy with itself.</summary>
    public virtual bool IsOurOwn => false;

    /// <summary>True where proxies take part that are not <see cref="IProxyKind.IsEverywhere"/>.</summary>
    public virtual bool IsForAll => IsOurOwn;

    /// <summary>True for what a whole run leaves out, because it is too much for this machine.</summary>
    public virtual bool IsOnlyByName => false;

    /// <summary>False where a run is not repeated because of others: what it counts is the same on a busy machine.</summary>
    public virtual bool NeedsQuiet => true;

    /// <summary>More rounds than these would take too long.</summary>
    public virtual int MostRounds => int.MaxValue;

    /// <summary>What is compared, out of <paramref name="chosen"/>.</summary>
    public virtual IReadOnlyList<IProxyKind> Proxies(IReadOnlyList<IProxyKind> chosen) => chosen;

    /// <summary>Runs once. The first run of a process is shorter and not counted.</summary>
    public abstract Task<Sample> RunAsync(Workspace workspace, RunningProxy proxy, NodeSet nodes, TimeSpan duration);
}
