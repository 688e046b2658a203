using System.Globalization;

namespace BucketProxy.Supervision.Fusing;

/// <summary>The command line behind <c>fuse</c>: <c>[--directory FOLDER] [--exec PARENT] -- PROGRAM [ARGUMENT…]</c>.</summary>
/// <param name="Directory">The working directory of the program; null: as it is.</param>
/// <param name="Exec">Be not the fuse, but become the program, as a child of this process.</param>
/// <param name="Command">The program and its arguments.</param>
internal sealed record FuseArguments(string? Directory, int? Exec, IReadOnlyList<string> Command)
{
    /// <summary>Ends what is ours.</summary>
    public const string End = "--";

    private const string DirectoryFlag = "--directory";
    private const string ExecFlag = "--exec";

    /// <summary>Null: that is no such command line.</summary>
    public static FuseArguments? Read(IReadOnlyList<string> arguments)
    {
        string? directory = null;
        int? exec = null;
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (arguments[i] == End)
                return i + 1 < arguments.Count ? new(directory, exec, [.. arguments.Skip(i + 1)]) : null;
            if (i + 1 == arguments.Count)
                return null;
            if (arguments[i] == DirectoryFlag)
                directory = arguments[i + 1];
            else if (arguments[i] == ExecFlag && int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent))
                exec = parent;
            else
                return null;
        }
        return null;
    }

    /// <summary>What follows the fuse's own command line.</summary>
    public IEnumerable<string> ToArguments() =>
    [
        .. Directory is null ? [] : new[] { DirectoryFlag, Directory },
        .. Exec is { } parent ? new[] { ExecFlag, parent.ToString(CultureInfo.InvariantCulture) } : [],
        End, .. Command,
    ];
}
