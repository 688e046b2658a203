using System.Reflection;
using BucketProxy.Structure.Tests.Reading;

namespace BucketProxy.Structure.Tests;

/// <summary>Core is values and pure functions: the same answer for the same question, wherever and whenever.</summary>
public sealed class CoreTests
{
    // Types that do not keep to it yet. NodeNetworks also resolves and connects; that belongs where the gateway and the monitor share it.
    private static readonly string[] NotYet = ["BucketProxy.Core.Nodes.NodeNetworks"];

    private static readonly string[] ForeignNamespaces =
        ["Microsoft.", "System.IO", "System.Net.Sockets", "System.Net.Http", "System.Net.Security", "System.Net.NetworkInformation", "System.Threading.Timers"];

    private static readonly Type[] ForeignTypes =
    [
        typeof(TimeProvider), typeof(System.Diagnostics.Stopwatch), typeof(System.Diagnostics.Process), typeof(Timer), typeof(PeriodicTimer),
        typeof(Environment), typeof(Console), typeof(System.Net.Dns),
    ];

    // And chance: by a seed it is a function, without one it is not.
    private static readonly string[] Clocks =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Guid.NewGuid", "System.Random.get_Shared", "System.Random..ctor()", "System.Guid.CreateVersion7", "System.Threading.Tasks.Task.Delay", "System.Threading.Thread.Sleep",
    ];

    private static readonly IReadOnlyList<Type> Core = [.. Projects.Load("BucketProxy.Core").GetTypes().Where(t => !NotYet.Contains(TypeUses.Outermost(t).FullName))];

    [Fact]
    public void Core_UsesNoWebNoInputNoOutputAndNoClock()
    {
        var types = from type in Core
                    from used in TypeUses.Of(type)
                    where ForeignTypes.Contains(used) || ForeignNamespaces.Any(n => used.Namespace is { } name && (name + ".").StartsWith(n, StringComparison.Ordinal))
                    where !OfTheCompiler(used)
                    select $"{type} uses {used}";
        var members = from type in Core
                      from named in TypeUses.MembersNamedBy(type)
                      let name = NameOf(named)
                      where Clocks.Contains(name)
                      select $"{type} uses {name}";

        Assert.Empty(types.Concat(members));
    }

    // The proof that the test above reads what it is about: what it looks for is found where it is.
    [Fact]
    public void Clocks_InSomethingThatUsesThem_AreSeen()
    {
        Assert.Contains(TypeUses.MembersNamedBy(typeof(TellsTheTime)), m => Clocks.Contains(NameOf(m)));
        Assert.Contains(typeof(File), TypeUses.Of(typeof(TellsTheTime)));
    }

    private static string NameOf(MemberInfo member) =>
        $"{member.DeclaringType}.{member.Name}{(member is ConstructorInfo made && made.GetParameters().Length == 0 ? "()" : "")}";

    private static bool OfTheCompiler(Type type) => type.Namespace is "Microsoft.CodeAnalysis";

    private static class TellsTheTime
    {
        // Banned everywhere (BannedSymbols.txt), but here it is what is looked for.
#pragma warning disable RS0030
        public static string Read(string file) => DateTime.UtcNow.Year > 2000 ? File.ReadAllText(file) : "";
#pragma warning restore RS0030
    }
}
