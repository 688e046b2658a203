using System.CommandLine;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Mapping;
using BucketProxy.Configuration.Schema;
using BucketProxy.Monitor.Options;

namespace BucketProxy.Commands;

/// <summary><c>check-config</c>: says what <c>serve</c> would say of the same settings, without starting anything.</summary>
internal static class CheckConfigCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "JSON files with settings; a later one over an earlier. SeaTable's dtable_server_config.json is one too.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var document = new Option<bool>("--document") { Description = "Print docs/configuration.md: every setting, and what it costs." };
        var command = new DescribedCommand(
            "check-config",
            "Check settings and say which key, which value, and what is allowed.",
            "check-config config/single-machine.json",
            "check-config config/proxy.json --set data.holdTime=20s",
            "check-config --document > docs/configuration.md")
        {
            files, document,
        };
        var flags = new SettingsFlags().AddTo(command, withFiles: false);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(document))
            {
                environment.Output.Profile.Out.Writer.Write(SettingsDocument.Write());
                return ExitCode.Done;
            }
            var paths = parsed.GetValue(files) ?? [];
            var loaded = flags.Load(parsed, environment, paths.Length > 0 ? paths : null);
            if (!loaded.Errors.IsEmpty)
            {
                SettingsFlags.Report(loaded, environment);
                return ExitCode.BadSettings;
            }
            foreach (var line in Summary(loaded.Settings))
                environment.WriteLine(line);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>What counts, in a few lines.</summary>
    internal static IEnumerable<string> Summary(BucketProxySettings settings)
    {
        yield return $"The settings are allowed. Cluster '{settings.Cluster}', {string.Join(" and ", settings.Roles).ToLowerInvariant()}.";
        yield return settings.Store == StoreKind.Etcd
            ? $"  store      etcd: {string.Join(", ", settings.Etcd.Endpoints)}{(settings.Etcd.KeyPrefix.Length > 0 ? $", keys under '{settings.Etcd.KeyPrefix}'" : "")}"
            : $"  store      embedded, in {Path.GetFullPath(settings.DataDirectory)}";
        // A process that is a gate and no proxy opens no data port.
        if (settings.Roles.Contains(Role.Proxy) || !settings.Roles.Contains(Role.Gate))
            yield return $"  data port  {settings.Data.Listen}";
        if (settings.Roles.Contains(Role.Gate))
            yield return $"  gate       {settings.Gate.Listen}, of {settings.Gate.Node} at {settings.Gate.Server}, {(settings.ToGateOptions().IsSupervised ? "which it runs" : "which somebody else runs")}";
        yield return $"  admin port {settings.Admin.Listen}";
        yield return settings.Nodes.IsEmpty
            ? "  nodes      those that register themselves"
            : $"  nodes      {string.Join(", ", settings.Nodes.Select(n => n.Id))}";
        yield return settings.Placement.Mode == PlacementMode.Static
            ? $"  placement  static: {string.Join(", ", settings.Placement.Ranges.Select(r => $"{r.Key} to {r.Value}"))}"
            : "  placement  balanced";
        foreach (var (pin, node) in settings.Pins)
            yield return $"  pin        {pin} to {node}";
        foreach (var remark in SettingsRemarks.Of(settings))
            yield return $"Note: {remark}";
    }
}
