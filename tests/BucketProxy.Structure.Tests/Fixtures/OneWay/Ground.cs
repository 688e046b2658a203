namespace BucketProxy.Structure.Tests.Fixtures.OneWay;

internal sealed record Ground(int Depth);
