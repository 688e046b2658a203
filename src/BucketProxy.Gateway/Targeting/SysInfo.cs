using System.Buffers;
using System.Net;
using System.Text.Json;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Routing;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Answers;
using BucketProxy.Gateway.Forwarding;
using BucketProxy.Gateway.Model;
using BucketProxy.Gateway.Nodes;
using BucketProxy.Gateway.Options;
using BucketProxy.Gateway.Outcomes;
using Microsoft.AspNetCore.Http;

namespace BucketProxy.Gateway.Targeting;

/// <summary>
/// <c>GET /api/v1/admin/sys-info/</c>: asks every registered node, adds up the counters, and shows each answer under <c>nodes</c>, by
/// node id. A node that is dead or slow shows as an <c>error_msg</c> and holds nobody up longer than its time.
/// </summary>
internal sealed class SysInfo(CurrentTable current, NodeLinks links, ExactTransformer exact, GatewayOptions options, TimeProvider time)
{
    private const int LargestAnswer = 1024 * 1024;

    public async Task AnswerAsync(HttpContext http)
    {
        if (options.Gate is { } gate && http.Features[typeof(IMarkFeature)] is not null)
        {
            await AnswerOfOwnAsync(http, gate);
            return;
        }
        var nodes = current.Table.Nodes.Values.OrderBy(n => n.Id, StringComparer.Ordinal).ToList();
        var answers = await Task.WhenAll(nodes.Select(node => AskAsync(http, links.For(node))));

        // All of them refuse, for example for want of a token: so do we.
        if (answers.Length > 0 && answers.All(a => a.Status is >= 400 and < 500 && a.Status == answers[0].Status))
        {
            await OwnAnswer.ErrorAsync(http, answers[0].Status, $"Every server answers {answers[0].Status}.", Cause.Local);
            return;
        }
        http.SetCause(Cause.Local);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, nodes, answers);
        foreach (var answer in answers)
            answer.Document?.Dispose();
        await OwnAnswer.JsonAsync(http, buffer.WrittenMemory);
    }

    /// <summary>At a gate, to a proxy that asks for the summary of all: the answer of the gate's own server. Were it the summary, gates would ask one another without end.</summary>
    private async Task AnswerOfOwnAsync(HttpContext http, GateAdmission gate)
    {
        var server = new NodeRecord { Id = gate.NodeId, LocalUrl = gate.Server, LocalUrlText = gate.Server.OriginalString.TrimEnd('/') };
        var answer = await AskAsync(http, links.For(server));
        if (answer.Document is not { } document)
        {
            var status = answer.Status is >= 400 and < 600 ? answer.Status : StatusCodes.Status502BadGateway;
            await OwnAnswer.ErrorAsync(http, status, $"The server {answer.Problem}.", Cause.Local);
            return;
        }
        http.SetCause(Cause.Local);
        using (document)
            await OwnAnswer.JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(document.RootElement));
    }

    private async Task<Answer> AskAsync(HttpContext http, NodeLink link)
    {
        using var patience = new CancellationTokenSource(options.SysInfoTimeout, time);
        try
        {
            using var request = new HttpRequestMessage { Method = HttpMethod.Get, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            // The client's own headers go along: its token above all.
            await exact.Value.TransformRequestAsync(http, request, link.Address, patience.Token);
            if (link.Node.Gate != GateKind.None)
                request.Headers.TryAddWithoutValidation(TableMark.HeaderName, TableMark.Of(current.Table).ToString());
            using var response = await link.Http.SendAsync(request, patience.Token);
            var status = (int)response.StatusCode;
            if (status != 200)
                return new Answer(status, null, $"answered {status}");
            await response.Content.LoadIntoBufferAsync(LargestAnswer, patience.Token);
            await using var body = await response.Content.ReadAsStreamAsync(patience.Token);
            var document = await JsonDocument.ParseAsync(body, default, patience.Token);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new Answer(status, document, null)
                : new Answer(status, null, "answered something else than a JSON object");
        }
        catch (Exception) when (patience.IsCancellationRequested)
        {
            return new Answer(0, null, $"did not answer within {options.SysInfoTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return new Answer(0, null, Unreachable.IsIn(e) ? "cannot be reached" : "gave no usable answer");
        }
    }

    private static void Write(Utf8JsonWriter json, List<NodeRecord> nodes, Answer[] answers)
    {
        json.WriteStartObject();
        foreach (var (name, value) in Sums(answers))
            json.WriteNumber(name, value);
        json.WriteStartObject("nodes");
        for (var i = 0; i < nodes.Count; i++)
        {
            json.WritePropertyName(nodes[i].Id);
            if (answers[i].Document is { } document)
            {
                document.RootElement.WriteTo(json);
                continue;
            }
            json.WriteStartObject();
            json.WriteString("error_msg", answers[i].Problem);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Counters are added up; of times the earliest start and the latest end count.</summary>
    private static SortedDictionary<string, decimal> Sums(Answer[] answers)
    {
        var sums = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var answer in answers)
        {
            if (answer.Document is null)
                continue;
            foreach (var property in answer.Document.RootElement.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDecimal(out var value))
                    continue;
                var name = property.Name;
                sums[name] = !sums.TryGetValue(name, out var sum) ? value
                    : name.EndsWith("_start_time", StringComparison.Ordinal) ? Math.Min(sum, value)
                    : name.EndsWith("_end_time", StringComparison.Ordinal) ? Math.Max(sum, value)
                    : sum + value;
            }
        }
        return sums;
    }

    private sealed record Answer(int Status, JsonDocument? Document, string? Problem);
}
