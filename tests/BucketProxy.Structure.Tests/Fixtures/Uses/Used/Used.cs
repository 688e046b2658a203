namespace BucketProxy.Structure.Tests.Fixtures.Uses.Used;

internal class UsedType
{
    public const int Constant = 7;

    public static int Count { get; set; }

    public static T? Make<T>() => default;
}

internal interface IUsed;

internal enum UsedKind
{
    One,
}

internal sealed class UsedException : Exception;

[AttributeUsage(AttributeTargets.All)]
internal sealed class UsedAttribute : Attribute;

[AttributeUsage(AttributeTargets.All)]
internal sealed class OfTypeAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}
