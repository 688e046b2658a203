namespace BucketProxy.Structure.Tests.Fixtures.OneWay.Lower;

// Lower uses what stands above it in OneWay, which uses nothing.
internal sealed record Cellar(Ground In);
