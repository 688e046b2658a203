using BucketProxy.Scraping;

namespace BucketProxy.Admin.Endpoints;

/// <summary>Figures for Prometheus. Not there while none are collected.</summary>
internal static class MetricsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, AdminContext context)
    {
        if (context.Scrape is not { } scrape)
            return;
        // Not in the description: what it answers is described by Prometheus, not by a schema.
        routes.MapGet("/metrics", (HttpRequest request, HttpResponse response) =>
            {
                var format = ExpositionFormats.For(request.Headers.Accept);
                response.Headers.Vary = "Accept";
                return TypedResults.Text(scrape(format), format.ContentType());
            })
            .ExcludeFromDescription();
    }
}
