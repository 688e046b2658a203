using BucketProxy.LoadBench.Backends;
using BucketProxy.LoadBench.Measuring;
using BucketProxy.LoadBench.Processes;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>One of the proxies that are compared, in one configuration.</summary>
internal interface IProxyKind
{
    /// <summary>Short name for the command line.</summary>
    string Key { get; }

    /// <summary>Name in reports.</summary>
    string Name { get; }

    /// <summary>What it is in the comparison.</summary>
    Standing Standing => Standing.Other;

    /// <summary>Where it stands in the one table.</summary>
    string Column => Key;

    /// <summary>False for what takes part only where a scenario is for all, or when it is named.</summary>
    bool IsEverywhere => true;

    /// <summary>Whether its code is compiled as it runs, hot parts more than once: that takes seconds under load, which are not to be measured.</summary>
    bool IsCompiledAsItRuns => true;

    /// <summary>Starts one in front of these nodes and waits until its port is open.</summary>
    Task<RunningProxy> StartAsync(Workspace workspace, NodeSet nodes);
}
