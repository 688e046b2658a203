using BucketProxy.Structure.Tests.Fixtures.Circle.Left;

namespace BucketProxy.Structure.Tests.Fixtures.Circle.Right;

// Only a body says so, and only one that the compiler puts into a type of its own.
internal sealed class Hen
{
    public Func<object> Layer { get; } = () => new Egg(LaidBy: null);
}
