using System.CommandLine;
using System.Globalization;
using BucketProxy.Admin.Contract;
using BucketProxy.Admin.Reading;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Targets;
using Spectre.Console;

namespace BucketProxy.Commands.Client;

/// <summary><c>status</c>, <c>nodes</c>, <c>route</c>, <c>moves</c>, <c>health</c>: what can be read.</summary>
internal static class ReadCommands
{
    public static Command Status(CommandEnvironment environment) => ClientFlags.Add(
        new DescribedCommand("status", "Show how the cluster is, what is wrong, and what to do.", "status", "status --url http://proxy-1:5555 --json"),
        environment,
        async (call, cancel) =>
        {
            await call.ShowAsync<StatusReport>("/api/status", status => StatusView.Write(environment.Output, status), cancel);
            return ExitCode.Done;
        });

    public static Command Health(CommandEnvironment environment) => ClientFlags.Add(
        new DescribedCommand("health", "Exit with 0 if the process is ready, else with 1 and the reasons; for container health checks.", "health"),
        environment,
        async (call, cancel) =>
        {
            var status = await call.Admin.GetAsync<StatusReport>("/api/status", cancel);
            if (call.Json)
                environment.WriteLine(System.Text.Json.JsonSerializer.Serialize(status.Health, Admin.AdminJson.Options));
            else
                environment.WriteLine(string.Join("; ", [status.Health.Ready ? "ready" : $"not ready: {string.Join("; ", status.Health.Reasons)}", .. status.Health.Remarks]));
            return status.Health.Ready ? ExitCode.Done : ExitCode.Failed;
        });

    public static Command Nodes(CommandEnvironment environment) => ClientFlags.Add(
        new DescribedCommand("nodes", "Show the dtable-servers, with what they own and carry.", "nodes"),
        environment,
        async (call, cancel) =>
        {
            await call.ShowAsync<NodeReport[]>("/api/nodes", nodes =>
            {
                environment.Output.Write(NodeTable(nodes));
                GuaranteeView.Write(environment.Output, Guarantees.Of(nodes));
            }, cancel);
            return ExitCode.Done;
        });

    public static Command Moves(CommandEnvironment environment)
    {
        var past = new Option<int>("--past") { Description = "How many of the past to show.", HelpName = "N", DefaultValueFactory = _ => 20 };
        return ClientFlags.Add(
            new DescribedCommand("moves", "Show moves that stand and those that ended, with the time of each phase.", "moves", "moves --past 200") { past },
            environment,
            async (call, cancel) =>
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"/api/moves?past={call.Parsed.GetValue(past)}");
                await call.ShowAsync<MovesReport>(path, moves => environment.Output.Write(MoveTable.Of(moves.Standing.Concat(moves.Past))), cancel);
                return ExitCode.Done;
            });
    }

    public static Command Audit(CommandEnvironment environment)
    {
        var past = new Option<int>("--past") { Description = "How many of the last to show.", HelpName = "N", DefaultValueFactory = _ => 20 };
        return ClientFlags.Add(
            new DescribedCommand("audit", "Show who ordered what, and what moved, the latest first.", "audit", "audit --past 200 --json") { past },
            environment,
            async (call, cancel) =>
            {
                var path = string.Create(CultureInfo.InvariantCulture, $"/api/audit?past={call.Parsed.GetValue(past)}");
                await call.ShowAsync<AuditReport[]>(path, records => environment.Output.Write(AuditTable(records)), cancel);
                return ExitCode.Done;
            });
    }

    public static Command Route(CommandEnvironment environment)
    {
        var what = new Argument<string>("UUID|URL") { Description = "A base's UUID, or any address or path that holds one where a request does." };
        return ClientFlags.Add(
            new DescribedCommand("route", "Show which server a base's requests go to.",
                "route ff84e1a1-66e2-4c8e-9b1a-1f0e6c1d2a3b",
                "route https://seatable.example.com/dtable-server/api/v1/dtables/ff84e1a1-66e2-4c8e-9b1a-1f0e6c1d2a3b/rows/")
            {
                what,
            },
            environment,
            async (call, cancel) =>
            {
                var text = call.Parsed.GetRequiredValue(what);
                if (FindBase(text) is not { } id)
                {
                    await environment.Error.WriteLineAsync($"'{text}' holds no base's UUID where a request has one: behind dtables/, or as dtable_uuid.");
                    return ExitCode.Usage;
                }
                var found = await call.ShowAsync<BaseReport>($"/api/bases/{id}", one => environment.Output.Write(BaseTable(one)), cancel);
                return found.State == "open" ? ExitCode.Done : ExitCode.Failed;
            });
    }

    private static BaseId? FindBase(string text)
    {
        if (BaseId.TryParse(text, out var id))
            return id;
        var target = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri.PathAndQuery : text;
        var extracted = new TargetExtractor().Extract(target);
        return extracted.Kind == TargetKind.Base ? extracted.BaseId : null;
    }

    private static Table NodeTable(IReadOnlyList<NodeReport> nodes)
    {
        var table = Tables.New("node", "is", "buckets", "pins", "weight", "requests/s", "sockets", "gives buckets up", "gate", "address");
        foreach (var node in nodes)
        {
            table.AddRow(Tables.Row(
                node.Id, NodeReports.StateOf(node), node.Buckets, node.Pins, node.Weight, Math.Round(node.Rate, 1), node.Sockets,
                node.Release is { } release ? release.ToString().ToLowerInvariant() : "-",
                node.Gate.ToString().ToLowerInvariant(), node.LocalNodeUrl));
        }
        return table;
    }

    private static Table AuditTable(IReadOnlyList<AuditReport> records)
    {
        var table = Tables.New("at", "by", "what", "of", "before", "after", "why");
        foreach (var record in records)
        {
            table.AddRow(Tables.Row(
                record.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), record.By, record.What, record.Subject,
                Brief(record.Before), Brief(record.After), record.Why));
        }
        return table;
    }

    // A whole plan does not fit into a table; --json has all of it.
    private static string? Brief(System.Text.Json.JsonElement? value) => value switch
    {
        null => null,
        { ValueKind: System.Text.Json.JsonValueKind.String } text => text.GetString(),
        { } json when json.GetRawText() is { Length: <= 60 } short60 => short60,
        _ => "…",
    };

    private static Table BaseTable(BaseReport found)
    {
        var table = Tables.New("base", "bucket", "node", "state", "epoch", "pin", "goes to");
        table.AddRow(Tables.Row(found.Base, found.Bucket, found.Node, found.State, found.Epoch, found.Pin, found.Url));
        return table;
    }
}
