using System.Net;
using BucketProxy.Configuration;
using OpenTelemetry.Exporter;

namespace BucketProxy.Telemetry;

/// <summary>How OpenTelemetry's exporters reach the collector, with somebody who notes whether they do.</summary>
internal static class OtlpSending
{
    private const string GrpcStatus = "grpc-status";

    /// <summary>Sets the exporter of one signal.</summary>
    /// <exception cref="IOException">The headers' file cannot be read.</exception>
    public static void Configure(OtlpExporterOptions exporter, OtlpSettings settings, OtlpHealth health)
    {
        var isHttp = settings.Protocol == Configuration.OtlpProtocol.HttpProtobuf;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.TimeoutMilliseconds = (int)settings.Timeout.TotalMilliseconds;
        // An address that is set in code is taken as it is.
        exporter.Endpoint = isHttp ? new Uri(new Uri(settings.Endpoint!.AbsoluteUri.TrimEnd('/') + "/"), $"v1/{health.Signal}") : settings.Endpoint!;
        exporter.BatchExportProcessorOptions.ExporterTimeoutMilliseconds = exporter.TimeoutMilliseconds;
        if (SecretFile.Resolve(settings.Headers, settings.HeadersFile) is { Length: > 0 } headers)
            exporter.Headers = headers;
        // The exporters tell nobody what became of a sending. Their own client goes on to do the work: it knows the limits and certificates.
        var client = exporter.HttpClientFactory;
        exporter.HttpClientFactory = () => new HttpClient(new Noting(client(), health)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends by the exporter's client, and notes what the collector said.</summary>
    private sealed class Noting(HttpClient client, OtlpHealth health) : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var copy = Copy(request);
            try
            {
                return Noted(client.Send(copy, cancellationToken));
            }
            catch
            {
                health.Note(isTaken: false);
                throw;
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var copy = Copy(request);
            try
            {
                return Noted(await client.SendAsync(copy, cancellationToken));
            }
            catch
            {
                health.Note(isTaken: false);
                throw;
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                client.Dispose();
            base.Dispose(disposing);
        }

        // gRPC says in a header, before or behind the body, what became of a call that HTTP knows as 200.
        private HttpResponseMessage Noted(HttpResponseMessage answer)
        {
            health.Note(answer.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices
                && (!answer.TrailingHeaders.TryGetValues(GrpcStatus, out var status) && !answer.Headers.TryGetValues(GrpcStatus, out status) || status.All(s => s == "0")));
            return answer;
        }

        // A client sends no request that another has sent. The body stays its maker's.
        private static HttpRequestMessage Copy(HttpRequestMessage request)
        {
            var copy = new HttpRequestMessage(request.Method, request.RequestUri)
            {
                Version = request.Version,
                VersionPolicy = request.VersionPolicy,
                Content = request.Content,
            };
            foreach (var (name, values) in request.Headers.NonValidated)
                copy.Headers.TryAddWithoutValidation(name, values);
            return copy;
        }
    }
}
