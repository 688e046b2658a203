using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace BucketProxy.Admin;

/// <summary>Turns what an order was refused for into problem+json.</summary>
internal sealed class OrderErrors(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (Describe(exception) is not var (status, title))
            return false;
        httpContext.Response.StatusCode = status;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = new ProblemDetails { Status = status, Title = title, Detail = exception.Message },
        });
    }

    private static (int Status, string Title)? Describe(Exception exception) => exception switch
    {
        OrderRefusedException { Kind: RefusalKind.NotFound } => (StatusCodes.Status404NotFound, "Not there"),
        OrderRefusedException { Kind: RefusalKind.BadOrder } => (StatusCodes.Status400BadRequest, "Not allowed"),
        OrderRefusedException { Kind: RefusalKind.Conflict } => (StatusCodes.Status409Conflict, "Not now"),
        OrderRefusedException { Kind: RefusalKind.Changed } => (StatusCodes.Status412PreconditionFailed, "Changed since the preview"),
        OrderRefusedException { Kind: RefusalKind.StoreAway } => (StatusCodes.Status503ServiceUnavailable, "The store does not answer"),
        BadHttpRequestException bad => (bad.StatusCode, "Bad request"),
        _ => null,
    };
}
