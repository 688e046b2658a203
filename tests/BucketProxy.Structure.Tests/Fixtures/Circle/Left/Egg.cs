using BucketProxy.Structure.Tests.Fixtures.Circle.Right;

namespace BucketProxy.Structure.Tests.Fixtures.Circle.Left;

internal sealed record Egg(Hen? LaidBy);
