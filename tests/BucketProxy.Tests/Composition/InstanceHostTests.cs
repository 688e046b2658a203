using BucketProxy.Composition;
using BucketProxy.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace BucketProxy.Tests.Composition;

public sealed class InstanceHostTests
{
    [Fact]
    public void Create_Variables_OnlyThoseOfOpenTelemetryGetIntoTheHost()
    {
        var builder = InstanceHost.Create(new BucketProxySettings(), TimeProvider.System, new Dictionary<string, string>
        {
            ["OTEL_BSP_MAX_QUEUE_SIZE"] = "7",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:1",
            ["URLS"] = "http://127.0.0.1:1",
        });

        Assert.Equal(
            [KeyValuePair.Create("OTEL_BSP_MAX_QUEUE_SIZE", (string?)"7")],
            builder.Configuration.AsEnumerable().Where(v => v.Key is not ("applicationName" or "environment" or "contentRoot")));
    }

    [Fact]
    public void Create_ALongDrain_TheHostWaitsLonger()
    {
        var data = new DataSettings { DrainGrace = TimeSpan.FromSeconds(40), DrainLimit = TimeSpan.FromHours(1) };

        using var host = InstanceHost.Create(new BucketProxySettings { Data = data }, TimeProvider.System, new Dictionary<string, string>()).Build();

        Assert.True(host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout > data.DrainGrace + data.DrainLimit);
    }
}
