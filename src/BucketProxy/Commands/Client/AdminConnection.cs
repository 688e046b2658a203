using System.Net.Http.Headers;
using System.Text.Json;
using BucketProxy.Admin;

namespace BucketProxy.Commands.Client;

/// <summary>The admin port could not be reached.</summary>
internal sealed class UnreachableException(string message, Exception inner) : Exception(message, inner);

/// <summary>The admin port refused, and said why.</summary>
internal sealed class RefusedException(string message) : Exception(message);

/// <summary>A client of the admin API, with errors that say what to do.</summary>
internal sealed class AdminConnection : IDisposable
{
    private readonly HttpClient _http;

    public AdminConnection(Uri url, string? token, TimeSpan timeout)
    {
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = timeout }) { BaseAddress = url, Timeout = timeout };
        if (token is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Reads something.</summary>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancel) => Read<T>(await GetTextAsync(path, cancel));

    /// <summary>Reads something as the text it is.</summary>
    public Task<string> GetTextAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    /// <summary>Orders something; answers the text of the answer.</summary>
    public Task<string> OrderAsync(HttpMethod method, string path, object? body, CancellationToken cancel) => SendAsync(method, path, body, cancel);

    /// <summary>The lines of an endless answer.</summary>
    public async IAsyncEnumerable<string> FollowAsync(string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var answer = await ConnectAsync(HttpMethod.Get, path, null, cancel);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
        using var reader = new StreamReader(stream);
        while (await NextAsync(reader, cancel) is { } line)
            yield return line;
    }

    /// <summary>Reads an answer's text.</summary>
    public static T Read<T>(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, AdminJson.Options) ?? throw new RefusedException("The admin port answered nothing.");
        }
        catch (JsonException e)
        {
            throw new RefusedException($"The answer is not of an admin port of BucketProxy: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> NextAsync(StreamReader reader, CancellationToken cancel)
    {
        try
        {
            return await reader.ReadLineAsync(cancel);
        }
        catch (IOException e)
        {
            throw Unreachable(e);
        }
    }

    private async Task<string> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var answer = await ConnectAsync(method, path, body, cancel);
        return await answer.Content.ReadAsStringAsync(cancel);
    }

    private async Task<HttpResponseMessage> ConnectAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: AdminJson.Options);
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw Unreachable(e);
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw new RefusedException(Why(answer, await answer.Content.ReadAsStringAsync(cancel)));
    }

    private UnreachableException Unreachable(Exception e) => new(
        $"The admin port at {_http.BaseAddress} cannot be reached: {e.Message} Is a proxy or monitor running there? Name another one with --url or BUCKETPROXY_URL.", e);

    private static string Why(HttpResponseMessage answer, string text)
    {
        try
        {
            var problem = JsonDocument.Parse(text).RootElement;
            var title = problem.TryGetProperty("title", out var t) ? t.GetString() : null;
            return problem.TryGetProperty("detail", out var detail) ? $"{title}: {detail.GetString()}" : title ?? $"HTTP {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"HTTP {(int)answer.StatusCode} {answer.ReasonPhrase}. Is this the admin port, and not the data port?";
        }
    }
}
