using System.CommandLine;
using System.Globalization;
using BucketProxy.Admin.Contract;

namespace BucketProxy.Commands.Client;

/// <summary><c>watch</c>: a line for every change of owner, move and alarm, until it is stopped.</summary>
internal static class WatchCommand
{
    private const string Data = "data: ";

    public static Command Create(CommandEnvironment environment) => ClientFlags.Add(
        new DescribedCommand("watch", "Show changes of owners, moves and alarms as they happen.", "watch", "watch --json"),
        environment,
        async (call, cancel) =>
        {
            ChangeEvent? before = null;
            try
            {
                await foreach (var line in call.Admin.FollowAsync("/api/watch", cancel))
                {
                    if (!line.StartsWith(Data, StringComparison.Ordinal))
                        continue;
                    var change = AdminConnection.Read<ChangeEvent>(line[Data.Length..]);
                    if (call.Json)
                        environment.WriteLine(line[Data.Length..]);
                    else
                        Show(environment, before, change);
                    before = change;
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return ExitCode.Done;
            }
            await environment.Error.WriteLineAsync("The admin port has ended the watch: it was stopped.");
            return ExitCode.Failed;
        });

    private static void Show(CommandEnvironment environment, ChangeEvent? before, ChangeEvent now)
    {
        foreach (var line in before is null ? Present(now) : Changes(before, now))
            environment.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{environment.Time.GetUtcNow():HH:mm:ss'Z'} r{now.Revision} {line}"));
    }

    private static IEnumerable<string> Present(ChangeEvent now) =>
        now.Buckets.GroupBy(b => b.Node).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Key ?? "nobody"} owns {g.Count()} buckets")
            .Concat(now.Moves.Select(Describe))
            .Concat(now.Alarms.Select(a => $"ALARM {a.Message} {a.WhatToDo}"));

    private static IEnumerable<string> Changes(ChangeEvent before, ChangeEvent now)
    {
        foreach (var (was, next) in before.Buckets.Zip(now.Buckets))
        {
            if (was.Node != next.Node)
                yield return $"{next.Bucket}: {was.Node ?? "nobody"} -> {next.Node ?? "nobody"}, epoch {next.Epoch}";
            else if (was.State != next.State)
                yield return $"{next.Bucket}: {next.State}{(next.Node is { } node ? $", {node}" : "")}";
        }
        foreach (var pin in now.Pins.Except(before.Pins))
            yield return $"{pin.Pin}: pinned to {pin.Node ?? "nobody"}, {pin.State}, epoch {pin.Epoch}";
        foreach (var pin in before.Pins.Where(b => !now.Pins.Any(p => p.Pin == b.Pin)))
            yield return $"{pin.Pin}: no longer pinned";
        foreach (var move in now.Moves.Where(m => before.Moves.FirstOrDefault(b => b.Bucket == m.Bucket) is not { } earlier || earlier.Phase != m.Phase || earlier.Why != m.Why))
            yield return Describe(move);
        foreach (var alarm in now.Alarms.Except(before.Alarms))
            yield return $"ALARM {alarm.Message} {alarm.WhatToDo}";
        foreach (var alarm in before.Alarms.Where(b => !now.Alarms.Any(a => a.Kind == b.Kind && a.Subject == b.Subject)))
            yield return $"over: {alarm.Message}";
    }

    private static string Describe(MoveReport move) =>
        $"{move.Base ?? move.Bucket}: {move.Phase}, {move.From ?? "nobody"} -> {move.To} ({move.Reason}){(move.Why is { } why ? $"; {why}" : "")}";
}
