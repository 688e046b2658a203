using System.Net.Security;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Destinations;

/// <summary>Gives each cluster a client of its own, and a new one when its settings change.</summary>
internal sealed class DirectHttpClientFactory(DirectHttpClientOptions options, TimeProvider time) : IForwarderHttpClientFactory
{
    public HttpMessageInvoker CreateClient(ForwarderHttpClientContext context) =>
        context.OldClient is DirectHttpClient old && context.NewConfig == context.OldConfig
            ? old
            : new DirectHttpClient(options with { SslOptions = Tls(context.NewConfig) }, time);

    private SslClientAuthenticationOptions? Tls(HttpClientConfig config)
    {
        if (config.SslProtocols is null && config.DangerousAcceptAnyServerCertificate is not true)
            return options.SslOptions;
        var tls = Connector.Copy(options.SslOptions);
        if (config.SslProtocols is { } protocols)
            tls.EnabledSslProtocols = protocols;
        if (config.DangerousAcceptAnyServerCertificate is true)
        {
#pragma warning disable CA5359 // The setting's name says it.
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        return tls;
    }
}
