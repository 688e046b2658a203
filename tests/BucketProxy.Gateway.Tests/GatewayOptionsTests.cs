namespace BucketProxy.Gateway.Tests;

public sealed class GatewayOptionsTests
{
    [Fact]
    public void Problems_Defaults_None() => Assert.Empty(new GatewayOptions().Problems());

    public static TheoryData<string, GatewayOptions> Bad => new()
    {
        { "Address: 'nowhere'", new() { Address = "nowhere" } },
        { "Port: 65536", new() { Port = 65536 } },
        { "PathPrefixes: 'x'", new() { PathPrefixes = ["x"] } },
        { "PathPrefixes: '/api'", new() { PathPrefixes = ["/api"] } },
        { "HoldTime: -1 s", new() { HoldTime = TimeSpan.FromSeconds(-1) } },
        { "HoldPerBucket: -1", new() { HoldPerBucket = -1 } },
        { "HoldTotal: -1", new() { HoldTotal = -1 } },
        { "ReleaseAtOnce: 0", new() { ReleaseAtOnce = 0 } },
        { "RetryAfter: 0 s", new() { RetryAfter = TimeSpan.Zero } },
        { "MaxBodyBytes: -1", new() { MaxBodyBytes = -1 } },
        { "IdleTimeout: 0.5 s", new() { IdleTimeout = TimeSpan.FromSeconds(0.5) } },
        { "ConnectTimeout: 0 s", new() { ConnectTimeout = TimeSpan.Zero } },
        { "NodeKeepAlive: -1 s", new() { NodeKeepAlive = TimeSpan.FromSeconds(-1) } },
        { "ClientKeepAlive: 0 s", new() { ClientKeepAlive = TimeSpan.Zero } },
        { "HeadersTimeout: 0 s", new() { HeadersTimeout = TimeSpan.Zero } },
        { "MaxHeaderBytes: 1", new() { MaxHeaderBytes = 1 } },
        { "MaxHeaderCount: 9", new() { MaxHeaderCount = 9 } },
        { "MaxRequestLineBytes: 1", new() { MaxRequestLineBytes = 1 } },
        { "MaxConnections: -1", new() { MaxConnections = -1 } },
        { "ReadAheadBytes: 1024", new() { ReadAheadBytes = 1024 } },
        { "WriteAheadBytes: 1", new() { WriteAheadBytes = 1 } },
        { "SysInfoTimeout: 0 s", new() { SysInfoTimeout = TimeSpan.Zero } },
        { "CloseSpread: -1 s", new() { CloseSpread = TimeSpan.FromSeconds(-1) } },
        { "NodeRunOut: 11 s", new() { NodeRunOut = TimeSpan.FromSeconds(11) } },
        { "BroadcastWait: 11 s", new() { BroadcastWait = TimeSpan.FromSeconds(11) } },
        { "DrainGrace: -1 s", new() { DrainGrace = TimeSpan.FromSeconds(-1) } },
        { "DrainLimit: -1 s", new() { DrainLimit = TimeSpan.FromSeconds(-1) } },
        { "HottestBases: 0", new() { HottestBases = 0 } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Problems_BadSetting_NamesKeyValueAndWhatIsAllowed(string start, GatewayOptions options)
    {
        var problem = Assert.Single(options.Problems());

        Assert.StartsWith(start, problem, StringComparison.Ordinal);
        Assert.True(problem.Contains("allowed are", StringComparison.Ordinal) || problem.Contains("cannot be a prefix", StringComparison.Ordinal), problem);
    }
}
