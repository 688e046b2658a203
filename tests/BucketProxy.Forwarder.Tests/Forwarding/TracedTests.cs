using System.Diagnostics;
using BucketProxy.Forwarder.Tests.Support;

namespace BucketProxy.Forwarder.Tests.Forwarding;

/// <summary>Alone: while somebody listens, every server and client of the process makes spans, and those that other tests compare would name theirs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TracedAlone
{
    public const string Name = "traced";
}

/// <summary>As <see cref="SameBytesTests"/>, while somebody listens to the server's spans.</summary>
[Collection(TracedAlone.Name)]
public sealed class TracedTests
{
    [Theory]
    [MemberData(nameof(SameBytesTests.Requests), MemberType = typeof(SameBytesTests))]
    public async Task Traced_SameBytesAsYarp(string request)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static s => s.Name == "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);

        Assert.Matches("traceparent: SPAN|\\(nothing\\)", await SameBytesTests.SameAsync(request, new ProxySetup()));
        await SameBytesTests.SameAsync(request, SameBytesTests.NothingButOne);
    }
}
