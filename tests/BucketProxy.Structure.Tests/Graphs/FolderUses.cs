using System.Reflection;
using System.Runtime.CompilerServices;
using BucketProxy.Structure.Tests.Reading;

namespace BucketProxy.Structure.Tests.Graphs;

/// <summary>Who uses whom within one project, by folders.</summary>
internal static class FolderUses
{
    /// <summary>What the compiled types use of each other.</summary>
    /// <param name="types">All types of a project, those that the compiler made among them.</param>
    public static IEnumerable<Use> Compiled(IReadOnlyCollection<Type> types)
    {
        var own = types.Where(t => !t.IsNested && !MadeByTheCompiler(t)).ToHashSet();
        return from type in types
               let user = TypeUses.Outermost(type)
               where own.Contains(user)
               from used in TypeUses.Of(type)
               where own.Contains(used)
               select new Use(user.Namespace ?? "", Name(user), used.Namespace ?? "", Name(used));
    }

    /// <summary>What the <c>using</c> lines of a project's files name of the project itself.</summary>
    /// <param name="folder">The project's folder.</param>
    public static IEnumerable<Use> Written(string folder)
    {
        var lines = UsingLines.Of(folder).ToArray();
        var own = UsingLines.Files(folder).Select(f => UsingLines.NamespaceOf(File.ReadAllText(f))).ToHashSet();
        return from line in lines
               let used = own.Contains(line.Used) ? line.Used : Above(line.Used)
               where used.Length > 0 && own.Contains(used)
               select new Use(line.Namespace, line.File, used, line.Used);
    }

    // A line may name a type: of a static one, or by another name.
    private static string Above(string name) => name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : "";

    // A type of a package's generator, or one that holds the bytes of a constant array.
    private static bool MadeByTheCompiler(MemberInfo type) => type.IsDefined(typeof(CompilerGeneratedAttribute)) || type.Name.StartsWith('<');

    private static string Name(Type type) => type.Name.Split('`')[0];
}
