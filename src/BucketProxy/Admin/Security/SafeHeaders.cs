namespace BucketProxy.Admin.Security;

/// <summary>What every answer of the admin port says to a browser.</summary>
internal static class SafeHeaders
{
    // Nothing but what this port serves itself. Trusted types: a script that makes HTML of text fails where browsers know them.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.ContentSecurityPolicy = ContentPolicy;
        // What is true now is not true a second later.
        headers.CacheControl = "no-store";
        return next(context);
    });
}
