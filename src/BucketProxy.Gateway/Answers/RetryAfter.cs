using System.Globalization;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Gateway.Answers;

internal static class RetryAfter
{
    /// <summary>The header's value: whole seconds.</summary>
    public static string Text(GatewayOptions options) =>
        ((long)Math.Ceiling(options.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
