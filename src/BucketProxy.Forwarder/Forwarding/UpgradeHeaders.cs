using Microsoft.AspNetCore.Http;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>The headers that make an upgrade of a request.</summary>
internal static class UpgradeHeaders
{
    /// <summary>The option that asks for it, as the client spelled it.</summary>
    public static string OptionOf(IHeaderDictionary headers)
    {
        foreach (var option in headers.GetCommaSeparatedValues("Connection"))
        {
            if (option.Equals("Upgrade", StringComparison.OrdinalIgnoreCase))
                return option;
        }
        return "Upgrade";
    }
}
