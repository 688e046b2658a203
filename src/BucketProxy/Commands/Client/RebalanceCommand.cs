using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Contract;
using Spectre.Console;

namespace BucketProxy.Commands.Client;

/// <summary><c>rebalance</c>: preview, order, and wait for it.</summary>
internal static class RebalanceCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);
    private const int PastAtMost = 1000;

    public static Command Create(CommandEnvironment environment)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Show the moves, order nothing." };
        var wait = new Option<bool>("--wait") { Description = "Wait until it is done, and show the time of each phase." };
        var plan = new Option<string?>("--plan") { Description = "Order a previewed plan, only if nothing has changed since.", HelpName = "ID" };
        return ClientFlags.Add(
            new DescribedCommand("rebalance", "Even out the buckets over the servers, with the fewest moves.",
                "rebalance --dry-run", "rebalance --plan 3f2a91c04d5e6b78 --wait", "rebalance --wait")
            {
                dryRun, wait, plan,
            },
            environment,
            async (call, cancel) =>
            {
                var query = $"?dry_run={(call.Parsed.GetValue(dryRun) ? "true" : "false")}{(call.Parsed.GetValue(plan) is { } id ? $"&plan={Uri.EscapeDataString(id)}" : "")}";
                var text = await call.Admin.OrderAsync(HttpMethod.Post, "/rebalance/" + query, null, cancel);
                var ordered = AdminConnection.Read<RebalanceReport>(text);
                if (call.Parsed.GetValue(wait) && !call.Parsed.GetValue(dryRun))
                    return await WaitAsync(call, ordered, cancel);
                if (call.Json)
                    environment.WriteLine(text);
                else
                    Show(environment.Output, ordered);
                return ExitCode.Done;
            });
    }

    private static void Show(IAnsiConsole output, RebalanceReport ordered)
    {
        var table = Tables.New("bucket", "from", "to", "why");
        foreach (var move in ordered.Moves)
            table.AddRow(Tables.Row(move.Base ?? move.Bucket, move.From, move.To, move.Reason));
        if (ordered.Moves.Count > 0)
            output.Write(table);
        foreach (var refused in ordered.Refused)
            output.Write(new Text($"Cannot be made: {refused.Base ?? refused.Bucket}{(refused.To is { } to ? $" to {to}" : "")}: {refused.Why}\n"));
        foreach (var remark in ordered.Remarks)
            output.Write(new Text(remark + ".\n"));
        output.Write(new Text((ordered.Moves.Count, ordered.DryRun) switch
        {
            (0, _) => "Nothing to move.\n",
            (var n, true) => $"{n} moves, none ordered. Order exactly these: bucketproxy rebalance --plan {ordered.Plan}\n",
            (var n, false) => $"{n} moves ordered as plan {ordered.Plan}.\n",
        }));
    }

    private static async Task<int> WaitAsync(ClientCall call, RebalanceReport ordered, CancellationToken cancel)
    {
        var output = call.Environment.Output;
        var done = ordered.Moves.Count == 0;
        if (!done && !call.Json && output.Profile.Capabilities.Interactive)
        {
            await output.Progress().StartAsync(async progress =>
            {
                var bar = progress.AddTask("moving buckets", maxValue: ordered.Moves.Count);
                done = await UntilDoneAsync(call, ordered, left => bar.Value = ordered.Moves.Count - left, cancel);
            });
        }
        else if (!done)
        {
            done = await UntilDoneAsync(call, ordered, _ => { }, cancel);
        }
        var past = await call.Admin.GetAsync<MovesReport>(string.Create(CultureInfo.InvariantCulture, $"/api/moves?past={PastAtMost}"), cancel);
        MoveReport[] outcome = [.. past.Past.Where(m => m.Order == ordered.Plan)];
        var moved = outcome.Count(m => m.Phase == "done");
        if (call.Json)
            call.Environment.WriteLine(JsonSerializer.Serialize(ordered with { Done = done, Outcome = outcome }, AdminJson.Options));
        else
            WriteOutcome(output, ordered, outcome, moved, done);
        return done && moved >= ordered.Moves.Count ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteOutcome(IAnsiConsole output, RebalanceReport ordered, MoveReport[] outcome, int moved, bool done)
    {
        if (outcome.Length > 0)
            output.Write(MoveTable.Of(outcome));
        var longest = outcome.Max(m => m.Phases?.Hold) is { } hold ? string.Create(CultureInfo.InvariantCulture, $", held at most {hold:0} ms") : "";
        output.Write(new Text(done
            ? $"{moved} of {ordered.Moves.Count} moves made{longest}.\n"
            : "Another order has taken this one's place. See bucketproxy moves.\n"));
    }

    /// <summary>True when the order has ended; false when another one took its place.</summary>
    private static async Task<bool> UntilDoneAsync(ClientCall call, RebalanceReport ordered, Action<int> left, CancellationToken cancel)
    {
        while (true)
        {
            var order = (await call.Admin.GetAsync<StatusReport>("/api/status", cancel)).Order;
            if (order is not null && order.Plan != ordered.Plan)
                return false;
            if (order is { Done: true })
                return true;
            left(order?.Pending ?? ordered.Moves.Count);
            await Task.Delay(Pace, call.Environment.Time, cancel);
        }
    }
}
