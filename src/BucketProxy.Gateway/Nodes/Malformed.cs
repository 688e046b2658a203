namespace BucketProxy.Gateway.Nodes;

/// <summary>Whether a failure says that a node's answer has not one reading, or none.</summary>
internal static class Malformed
{
    /// <summary>Whether <paramref name="failure"/> is, or was caused by, what either way to a node says of such an answer.</summary>
    public static bool IsIn(Exception? failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse } or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse })
                return true;
        }
        return false;
    }
}
