using Microsoft.Net.Http.Headers;

namespace BucketProxy.Admin.Endpoints;

/// <summary>Figures for Prometheus, written by OpenTelemetry's exporter. Not there while none are collected.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Where they are.</summary>
    public const string Path = "/metrics";

    public static void Map(IEndpointRouteBuilder routes, AdminContext context)
    {
        if (context.Figures is not { } figures)
            return;
        // Not in the description: what it answers is described by Prometheus, not by a schema.
        routes.MapPrometheusScrapingEndpoint(Path, figures, Vary, optionsName: null)
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get]))
            .ExcludeFromDescription();
    }

    // One of two formats, by what the caller asks for.
    private static void Vary(IApplicationBuilder branch) => branch.Use(static (http, next) =>
    {
        http.Response.Headers.Vary = HeaderNames.Accept;
        return next(http);
    });
}
