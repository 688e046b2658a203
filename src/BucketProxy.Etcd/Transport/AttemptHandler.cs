using System.Globalization;
using System.Net;

namespace BucketProxy.Etcd.Transport;

/// <summary>Stands between gRPC and the connection, and tells an <see cref="Attempt"/> what passes.</summary>
internal sealed class AttemptHandler(HttpMessageHandler connection) : DelegatingHandler(connection)
{
    private static readonly AsyncLocal<Attempt?> Current = new();

    /// <summary>The requests that are begun after this, within the same method, belong to the attempt.</summary>
    public static void Follow(Attempt attempt) => Current.Value = attempt;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var attempt = Current.Value ?? throw new InvalidOperationException("a request to etcd belongs to no attempt");
        request.Content = new ObservedContent(request.Content!, attempt);
        // The server is told here and not by gRPC's own deadline, which goes by the machine's clock; ours is the TimeProvider's.
        if (attempt.Timeout is { } timeout)
            request.Headers.TryAddWithoutValidation("grpc-timeout", Format(timeout));
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        attempt.Answered(response);
        return response;
    }

    /// <summary>gRPC allows eight digits and a unit.</summary>
    private static string Format(TimeSpan timeout)
    {
        var milliseconds = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        return milliseconds <= 99_999_999
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : Math.Min(99_999_999, milliseconds / 1000).ToString(CultureInfo.InvariantCulture) + "S";
    }

    private sealed class ObservedContent : HttpContent
    {
        private readonly HttpContent _content;
        private readonly Attempt _attempt;

        public ObservedContent(HttpContent content, Attempt attempt)
        {
            _content = content;
            _attempt = attempt;
            foreach (var (name, values) in content.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            _attempt.Started();
            return _content.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _content.Dispose();
            base.Dispose(disposing);
        }
    }
}
