using BucketProxy.Admin.Contract;
using Spectre.Console;

namespace BucketProxy.Commands.Client;

/// <summary>What is guaranteed of which server, for people.</summary>
internal static class GuaranteeView
{
    public static void Write(IAnsiConsole output, IReadOnlyList<GuaranteeReport> guarantees)
    {
        foreach (var one in guarantees)
            output.Write(new Text($"Guaranteed of {string.Join(", ", one.Nodes)}: {one.Guarantee}.\n"));
    }
}
