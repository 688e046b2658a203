using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using BucketProxy.Core.Bases;
using BucketProxy.Monitor.Options;
using Polly;
using Polly.Retry;

namespace BucketProxy.Monitor.Executing;

/// <summary>What a monitor or a gate asks of dtable-servers: whether they are there, and to release a bucket.</summary>
public sealed class NodeCalls : IDisposable
{
    private readonly HttpClient _http;
    private readonly NodeCallOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<HttpResponseMessage> _retry;

    /// <summary>Makes it; no connection is made before the first call.</summary>
    /// <param name="options">How.</param>
    /// <param name="time">The clock.</param>
    public NodeCalls(NodeCallOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = ConnectAsync,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        // A release is idempotent, so whatever may be better a moment later is tried again until the time is over.
        _retry = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                ShouldHandle = new PredicateBuilder<HttpResponseMessage>()
                    .Handle<HttpRequestException>()
                    .HandleResult(r => (int)r.StatusCode is >= 500 or 429),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(2),
                BackoffType = DelayBackoffType.Exponential,
            })
            .Build();
    }

    /// <summary>Whether <c>/ping/</c> is answered with success in time.</summary>
    public async Task<bool> PingAsync(string localUrl, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_options.PingTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var answer = await _http.GetAsync(
                new Uri(Trim(localUrl) + "/ping/"), HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (UriFormatException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Null: the node has saved and unloaded the bucket, or the pin. Else why not.</summary>
    /// <param name="localUrl">The server's address.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="pin">The pin that moves; null: the whole bucket.</param>
    /// <param name="epoch">The epoch that the server holds it at.</param>
    /// <param name="timeout">How long it is tried, all in all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<string?> ReleaseAsync(
        string localUrl, Bucket bucket, BasePrefix? pin, long epoch, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        string? last = null;
        try
        {
            var target = new Uri(Trim(localUrl) + _options.ReleasePath);
            var body = new ReleaseBody(bucket.ToString(), epoch, pin?.ToString());
            using var answer = await _retry.ExecuteAsync(async cancel =>
            {
                try
                {
                    var response = await _http.PostAsJsonAsync(target, body, cancel);
                    last = $"it answers {(int)response.StatusCode}";
                    return response;
                }
                catch (HttpRequestException e)
                {
                    last = e.Message;
                    throw;
                }
            }, either.Token);
            if (answer.IsSuccessStatusCode)
                return null;
            var text = await answer.Content.ReadAsStringAsync(either.Token);
            return string.Create(CultureInfo.InvariantCulture,
                $"it answers {(int)answer.StatusCode}: {(text.Length <= 200 ? text : text[..200])}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"not within {timeout.TotalSeconds:0.#} s{(last is null ? "" : ", last: " + last)}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (UriFormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Closes every connection.</summary>
    public void Dispose() => _http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await _options.NodeNetworks.ConnectAsync(socket, context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Trim(string localUrl) => localUrl.TrimEnd('/');

    private sealed record ReleaseBody(
        [property: JsonPropertyName("bucket")] string Bucket,
        [property: JsonPropertyName("epoch")] long Epoch,
        [property: JsonPropertyName("base")] string? Base);
}
