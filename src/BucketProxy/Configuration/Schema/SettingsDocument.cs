using System.Text;

namespace BucketProxy.Configuration.Schema;

/// <summary>Writes <c>docs/configuration.md</c> from the schema: what the program reads is what the page says.</summary>
internal static class SettingsDocument
{
    private const string Head = """
        # Configuration

        <!-- Made by `bucketproxy check-config --document`; a test compares. Change the settings' own documentation instead. -->

        Settings come from JSON files (`--config FILE`, repeatable, a later one over an earlier; comments and trailing commas are
        allowed), the environment over the files, and flags over both (`--set data.holdTime=20s`). A list or a map is taken whole
        from the topmost of these that mentions it.

        * **Environment**: `BUCKETPROXY_` and the setting's name, `__` for the dot; case and single underscores do not matter:
          `BUCKETPROXY_DATA__HOLD_TIME=20s`. Lists with commas: `BUCKETPROXY_ETCD__ENDPOINTS=etcd-01,etcd-02`. Items of a list of
          sections by number: `BUCKETPROXY_NODES__0__ID=dtable-server-01`. Maps as `NAME=VALUE`, with commas.
          Two variables for one setting are refused, and so are one for the whole of a list or map and one for a part.
        * **Times** carry their unit (`500ms`, `25s`, `5m`, `24h`, `7d`), and so do **sizes** (`64KB`, `100MB`; powers of 1024).
        * **Types** count in files: a number or a switch is no text, and one value is no list. Text may stand for a number or a switch.
          A key that stands twice is refused, with both lines.
        * **SeaTable's own `dtable_server_config.json`** is enough by itself: `cluster_config.etcd_host_list` (or the older
          `etcd_host`) is taken as `"store": "etcd"` with these endpoints; everything else in it is left alone.
        * **Check a file** before it is used: `bucketproxy check-config FILE`. `serve` refuses a bad one with the same words.


        """;

    public static string Write()
    {
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        WriteSection(page, SettingsSchema.Root, "", "Top level");
        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void WriteSection(StringBuilder page, SectionNode section, string path, string title)
    {
        page.Append("## ").Append(title).Append("\n\n");
        if (section.Documentation is { } documentation)
            page.Append(documentation.Description).Append("\n\n");
        var defaults = Activator.CreateInstance(section.Type)!;
        foreach (var child in section.Children.Where(c => InnerSection(c) is null))
            WriteSetting(page, child, path + child.Name, defaults);
        foreach (var child in section.Children)
        {
            if (InnerSection(child) is { } inner)
                WriteSection(page, inner with { Documentation = child.Documentation }, InnerPath(child, path), $"`{InnerPath(child, path).TrimEnd('.')}`");
        }
    }

    private static SectionNode? InnerSection(SchemaNode node) => node as SectionNode ?? (node as ListNode)?.Item as SectionNode;

    private static string InnerPath(SchemaNode node, string path) => path + node.Name + (node is ListNode ? "[]." : ".");

    private static void WriteSetting(StringBuilder page, SchemaNode node, string path, object defaults)
    {
        var documentation = node.Documentation!;
        page.Append("### `").Append(path).Append("`\n\n").Append(documentation.Description).Append("\n\n");
        var allowed = node switch
        {
            ValueNode value => value.Allowed,
            ListNode { Item: ValueNode value } => $"a list; each {value.Allowed}",
            MapNode => "names, each with a text",
            _ => throw new InvalidOperationException($"{path} has no kind."),
        };
        page.Append("* Allowed: ").Append(allowed).Append('\n');
        page.Append("* Default: ").Append(documentation.DefaultText ?? Default(node, defaults)).Append('\n');
        if (documentation.Raise is { } raise)
            page.Append("* Raising it: ").Append(raise).Append('\n');
        if (documentation.Lower is { } lower)
            page.Append("* Lowering it: ").Append(lower).Append('\n');
        if (documentation.Shorthand)
            page.Append("* Short: `\"").Append(path[..path.LastIndexOf('.')]).Append("\": \"…\"` sets this one.\n");
        if (documentation.Secret)
            page.Append("* Never shown in errors, logs or the status.\n");
        page.Append('\n');
    }

    private static string Default(SchemaNode node, object defaults) => (node, node.Property!.GetValue(defaults)) switch
    {
        (_, null) => "none",
        (ValueNode value, { } one) => $"`{value.Kind.Format(one)}`",
        (ListNode { Item: ValueNode value }, System.Collections.IEnumerable many) =>
            many.Cast<object>().ToArray() is { Length: > 0 } items ? string.Join(", ", items.Select(i => $"`{value.Kind.Format(i)}`")) : "empty",
        _ => "empty",
    };
}
