using BucketProxy.Structure.Tests.Fixtures.Uses.Used;

namespace BucketProxy.Structure.Tests.Fixtures.Uses;

// A type for each way in which one can use another. What they do is of no matter.
internal class InBase : UsedType;

internal sealed class InInterface : IUsed;

internal sealed class InConstraint<T> where T : UsedType;

[Used]
internal sealed class InAttribute;

[Holder(typeof(List<UsedType[]>))]
internal sealed class InTypeThatAnAttributeNames;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class HolderAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}

internal sealed class InProperty
{
    public UsedType? Value { get; set; }
}

internal sealed class InGenericArgument
{
    public IReadOnlyDictionary<string, List<UsedType?[]>>? Value { get; set; }
}

internal abstract class InParameter
{
    public abstract void Take(UsedType used);
}

internal abstract class InRefParameter
{
    public abstract void Take(ref UsedKind used);
}

internal abstract class InAnswer
{
    public abstract UsedType Give();
}

internal abstract class InMethodsConstraint
{
    public abstract void Take<T>(T one) where T : IUsed;
}

internal static class InCall
{
    public static int Run() => UsedType.Count;
}

internal static class InGenericCall
{
    public static object? Run() => Enumerable.Empty<UsedType>();
}

internal static class InCast
{
    public static bool Run(object given) => given is IUsed;
}

internal static class InTypeof
{
    public static string Run() => typeof(UsedType).Name;
}

internal static class InCatch
{
    public static void Run(Action run)
    {
        try
        {
            run();
        }
        catch (UsedException)
        {
            run();
        }
    }
}

internal static class InLambda
{
    public static Func<int> Run() => () => UsedType.Count;
}

internal static class InCapture
{
    public static Func<int> Run(int more) => () => UsedType.Count + more;
}

internal static class InLocalFunction
{
    public static int Run()
    {
        return Count();

        static int Count() => UsedType.Count;
    }
}

internal static class InAsyncMethod
{
    public static async Task<int> RunAsync()
    {
        await Task.Yield();
        return UsedType.Count;
    }
}

internal static class InIterator
{
    public static IEnumerable<int> Run()
    {
        yield return UsedType.Count;
    }
}

internal static class InNestedType
{
    internal sealed class Inner
    {
        public static int Run() => UsedType.Count;
    }
}

internal static class InGenericType<T>
{
    public static (T?, int) Run() => (default, UsedType.Count);
}

internal static class InGenericMethod
{
    public static T? Run<T>() => UsedType.Make<T>();
}

internal static unsafe class InFunctionPointer
{
    public static delegate*<UsedType, void> Pointer { get; set; }
}

internal static class InStaticConstructor
{
    public static readonly int Count = UsedType.Count;
}
