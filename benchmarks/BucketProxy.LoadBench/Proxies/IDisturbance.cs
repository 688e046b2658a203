using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Something that goes on in a proxy while it is under load.</summary>
internal interface IDisturbance
{
    /// <summary>Begins it.</summary>
    Task BeginAsync();

    /// <summary>The load is over: writes how far it came into <paramref name="sample"/> and puts everything back.</summary>
    Task EndAsync(Sample sample);
}
