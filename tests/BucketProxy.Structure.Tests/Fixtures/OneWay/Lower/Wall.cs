namespace BucketProxy.Structure.Tests.Fixtures.OneWay.Lower;

internal sealed record Wall(int Height);
