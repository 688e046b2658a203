using System.CommandLine;
using BucketProxy.Configuration.Loading;

namespace BucketProxy.Commands;

/// <summary>The flags by which a command takes settings: files, and single settings over them.</summary>
internal sealed class SettingsFlags
{
    private const string ConfigVariable = "BUCKETPROXY_CONFIG";

    private readonly Option<string[]> _files = new("--config", "-c")
    {
        Description = $"A JSON file with settings; repeatable, a later one over an earlier. Default: {ConfigVariable}.",
        HelpName = "FILE",
    };

    private readonly SetFlag _set = new("A single setting, over files and environment; repeatable.");

    private readonly (Option<string?> Option, string Key)[] _direct =
    [
        (Flag("--store", "Where the cluster's state lives: embedded or etcd.", "KIND"), "store"),
        (Flag("--roles", "What this process does: proxy, monitor, gate, or several with commas.", "ROLES"), "roles"),
        (Flag("--data-directory", "The directory of this process.", "DIR"), "dataDirectory"),
        (Flag("--listen", "Where the data port is opened.", "ADDRESS"), "data.listen"),
        (Flag("--admin-listen", "Where the operators' port is opened.", "ADDRESS"), "admin.listen"),
        (Flag("--etcd", "The etcd members, with commas.", "HOSTS"), "etcd.endpoints"),
    ];

    /// <summary>Adds the flags to a command.</summary>
    public SettingsFlags AddTo(Command command, bool withFiles = true)
    {
        if (withFiles)
            command.Add(_files);
        foreach (var (option, _) in _direct)
            command.Add(option);
        _set.AddTo(command);
        return this;
    }

    /// <summary>Loads what the flags, the environment and the files say.</summary>
    public LoadedSettings Load(ParseResult parsed, CommandEnvironment environment, IReadOnlyList<string>? files = null)
    {
        files ??= parsed.GetValue(_files) is { Length: > 0 } given
            ? given
            : environment.Variable(ConfigVariable) is { } variable ? [variable] : [];
        var flags = _direct
            .Select(d => KeyValuePair.Create(d.Key, parsed.GetValue(d.Option)))
            .Where(f => f.Value is not null)
            .Concat(_set.Read(parsed));
        return SettingsLoader.Load(files, environment.Variables, flags);
    }

    /// <summary>Writes errors, one a line, and what to do.</summary>
    public static void Report(LoadedSettings loaded, CommandEnvironment environment)
    {
        foreach (var error in loaded.Errors)
            environment.Error.WriteLine(error);
        environment.Error.WriteLine(loaded.Errors.Length == 1
            ? "1 setting is not allowed. All settings: docs/configuration.md, or bucketproxy check-config --document"
            : $"{loaded.Errors.Length} settings are not allowed. All settings: docs/configuration.md, or bucketproxy check-config --document");
    }

    private static Option<string?> Flag(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName };
}
