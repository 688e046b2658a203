using System.ComponentModel;

namespace BucketProxy.Supervision.Native;

/// <summary>Starts a program by posix_spawn. <see cref="System.Diagnostics.Process"/> gives no other descriptors than 0 to 2, no session, and puts pipes of
/// its own where output should pass through; fork cannot be called in .NET.</summary>
internal static unsafe class Spawner
{
    /// <summary>The descriptor under which the started process finds the pipe that it writes to.</summary>
    public const int ReportDescriptor = 3;

    // Larger than posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t of glibc and musl (336, 80 and 128 bytes).
    private const int Room = 1024;

    /// <summary>Starts it in a session of its own, with every signal at its default and none blocked (the runtime ignores SIGPIPE, and that would be
    /// inherited). Output and error output are this process's own.</summary>
    /// <param name="command">Program, looked for in PATH, and arguments.</param>
    /// <param name="environment">Lines NAME=value.</param>
    /// <param name="input">Becomes descriptor 0; null: /dev/null.</param>
    /// <param name="report">Becomes <see cref="ReportDescriptor"/>.</param>
    /// <returns>The process id.</returns>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static int Start(IReadOnlyList<string> command, IReadOnlyList<string> environment, Descriptor? input, Descriptor report)
    {
        using var arguments = new NativeStrings(command);
        using var variables = new NativeStrings(environment);
        var actions = stackalloc byte[Room];
        var attributes = stackalloc byte[Room];
        var set = stackalloc byte[Room];
        Check(Libc.CreateActions(actions));
        try
        {
            Check(Libc.CreateAttributes(attributes));
            try
            {
                Check(Libc.SetFlags(attributes, Libc.SpawnSetSession | Libc.SpawnSetSignalMask | Libc.SpawnSetSignalDefaults));
                _ = Libc.EmptySet(set);
                Check(Libc.SetSignalMask(attributes, set));
                _ = Libc.FillSet(set);
                Check(Libc.SetSignalDefaults(attributes, set));
                fixed (byte* nothing = "/dev/null"u8)
                    Check(input is null ? Libc.AddOpen(actions, 0, nothing, Libc.ReadOnly, 0) : Libc.AddDuplicate(actions, input.Number, 0));
                Check(Libc.AddDuplicate(actions, report.Number, ReportDescriptor));
                int process;
                Check(Libc.Spawn(&process, arguments.Pointer[0], actions, attributes, arguments.Pointer, variables.Pointer));
                return process;
            }
            finally
            {
                _ = Libc.DestroyAttributes(attributes);
            }
        }
        finally
        {
            _ = Libc.DestroyActions(actions);
        }
    }

    /// <summary>The environment of this process, in lines.</summary>
    public static List<string> Environment(IReadOnlyDictionary<string, string?>? changes = null)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value;
        foreach (var (name, value) in changes ?? new Dictionary<string, string?>())
            variables[name] = value;
        return [.. variables.Where(v => v.Value is not null).Select(v => $"{v.Key}={v.Value}")];
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }
}
