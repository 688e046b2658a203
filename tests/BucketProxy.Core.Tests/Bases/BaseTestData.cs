using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Tests.Bases;

internal static class BaseTestData
{
    public const string Uuid = "ff84e1a1-66e2-4a3b-9c1d-0123456789ab";

    public static BaseId Id { get; } = BaseId.Parse(Uuid);

    public static BasePrefix Pin(string text) =>
        BasePrefix.TryParse(text, out var pin) ? pin : throw new FormatException($"'{text}' is no pin.");
}
