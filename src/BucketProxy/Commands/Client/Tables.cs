using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace BucketProxy.Commands.Client;

/// <summary>Tables as all commands show them.</summary>
internal static class Tables
{
    public static Table New(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        return table;
    }

    /// <summary>A row; null is shown as a dash. No markup: what a server calls itself is not ours to interpret.</summary>
    public static IEnumerable<IRenderable> Row(params object?[] cells) => cells.Select(c => new Text(c switch
    {
        null => "-",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => c.ToString()!,
    }));
}
