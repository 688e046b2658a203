using BucketProxy.Structure.Tests.Fixtures.OneWay.Lower;

namespace BucketProxy.Structure.Tests.Fixtures.OneWay.Upper;

internal sealed record Roof(Wall On);
