using System.Diagnostics;
using System.Diagnostics.Metrics;
using BucketProxy.Admin.Endpoints;
using BucketProxy.Configuration;
using BucketProxy.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Tests.Telemetry;

/// <summary>The telemetry of an instance without the instance: a host with nothing else in it, and the page at <c>/metrics</c>.</summary>
internal sealed class ToldInstance : IAsyncDisposable
{
    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0";

    private readonly IHost _host;
    private readonly RequestDelegate? _page;

    private ToldInstance(IHost host)
    {
        _host = host;
        Telemetry = host.Services.GetRequiredService<InstanceTelemetry>();
        _page = Telemetry.Figures is null ? null : PageOf(host.Services);
    }

    public InstanceTelemetry Telemetry { get; }

    public IMeterFactory Meters => Telemetry.Meters;

    public ILoggerFactory Loggers => _host.Services.GetRequiredService<ILoggerFactory>();

    public static async Task<ToldInstance> StartAsync(BucketProxySettings? settings = null, TimeProvider? time = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        TelemetryServices.Add(builder.Services, settings ?? new BucketProxySettings(), "instance-1", time ?? TimeProvider.System);
        // What routing asks for, which a web host would bring along.
        builder.Services.AddRouting().AddSingleton(_ => new DiagnosticListener("tests"));
        var host = builder.Build();
        await host.StartAsync();
        return new ToldInstance(host);
    }

    /// <summary>What <c>/metrics</c> answers.</summary>
    public async Task<string> ScrapeAsync(bool openMetrics = false)
    {
        using var body = new MemoryStream();
        var answer = await AskAsync(HttpMethods.Get, openMetrics, body);
        Assert.Equal(StatusCodes.Status200OK, answer.StatusCode);
        Assert.Contains("Accept", answer.Headers.Vary.ToString().Split(','));
        return System.Text.Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>Asks for the page.</summary>
    public async Task<HttpResponse> AskAsync(string method, bool openMetrics, Stream body)
    {
        var http = new DefaultHttpContext { RequestServices = _host.Services };
        http.Request.Method = method;
        http.Request.Path = MetricsEndpoint.Path;
        http.Request.Headers.Accept = openMetrics ? OpenMetrics : "";
        http.Response.Body = body;
        await _page!(http);
        return http.Response;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    private RequestDelegate PageOf(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseRouting();
        app.UseEndpoints(routes => MetricsEndpoint.Map(routes, new SeenInstance().ContextWith(Telemetry.Figures)));
        return app.Build();
    }
}
