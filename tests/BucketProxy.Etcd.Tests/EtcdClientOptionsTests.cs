namespace BucketProxy.Etcd.Tests;

public sealed class EtcdClientOptionsTests
{
    public static TheoryData<EtcdClientOptions, string> NotAllowed => new()
    {
        { EtcdClientOptions.ForEndpoints(), "Endpoints" },
        { EtcdClientOptions.ForEndpoints("x") with { CallTimeout = TimeSpan.Zero }, "CallTimeout" },
        { EtcdClientOptions.ForEndpoints("x") with { PingInterval = TimeSpan.FromMilliseconds(10) }, "PingInterval" },
        { EtcdClientOptions.ForEndpoints("x") with { MaxRetryDelay = TimeSpan.FromMilliseconds(1) }, "MaxRetryDelay" },
        { EtcdClientOptions.ForEndpoints("x") with { MaxMessageBytes = 1 }, "MaxMessageBytes" },
    };

    [Theory]
    [MemberData(nameof(NotAllowed))]
    public void Validate_NotAllowed_NamesTheSetting(EtcdClientOptions options, string name)
    {
        var error = Assert.Throws<ArgumentException>(options.Validate);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Credentials_ToString_HidesThePassword()
    {
        Assert.DoesNotContain("s3cret", new EtcdCredentials("u", "s3cret").ToString(), StringComparison.Ordinal);
    }
}
