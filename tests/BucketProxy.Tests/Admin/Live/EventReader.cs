using System.Net;
using System.Text.Json;

namespace BucketProxy.Tests.Admin.Live;

/// <summary>Reads server-sent events as they come over the wire.</summary>
internal sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage answer, StreamReader lines)
    {
        _answer = answer;
        _lines = lines;
    }

    /// <summary>The id of the last event.</summary>
    public string? LastId { get; private set; }

    public HttpStatusCode StatusCode => _answer.StatusCode;

    public string? ContentType => _answer.Content.Headers.ContentType?.ToString();

    public static async Task<EventReader> OpenAsync(HttpClient client, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventReader(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event: its name and data; null: the stream was ended.</summary>
    public async Task<(string Name, JsonElement Data)?> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var name = "";
        JsonElement? data = null;
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line["event: ".Length..];
            else if (line.StartsWith("id: ", StringComparison.Ordinal))
                LastId = line["id: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = JsonSerializer.Deserialize<JsonElement>(line["data: ".Length..]);
            else if (line.Length == 0 && data is not null)
                return (name, data.Value);
        }
        return null;
    }

    /// <summary>The next change that is so.</summary>
    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isSo)
    {
        while (await NextAsync() is var (name, data))
        {
            if (name == "change" && isSo(data))
                return data;
        }
        throw new EndOfStreamException("The events ended.");
    }

    public void Dispose()
    {
        _lines.Dispose();
        _answer.Dispose();
    }
}
