using BucketProxy.Structure.Tests.Fixtures.Uses.Used;

namespace BucketProxy.Structure.Tests.Fixtures.Uses;

// These leave nothing in an assembly.
internal static class OnlyInConstants
{
    public static string Run() => nameof(UsedType) + UsedType.Constant + (int)UsedKind.One;
}
