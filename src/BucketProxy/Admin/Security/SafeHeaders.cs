namespace BucketProxy.Admin.Security;

/// <summary>What every answer of the admin port says to a browser.</summary>
internal static class SafeHeaders
{
    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        // What is true now is not true a second later.
        headers.CacheControl = "no-store";
        return next(context);
    });
}
