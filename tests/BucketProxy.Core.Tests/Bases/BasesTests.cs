using System.Text;
using BucketProxy.Core.Bases;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Core.Tests.Bases;

public sealed class BasesTests
{
    private static readonly Arbitrary<Guid> Guids =
        Arb.From(Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i), 16).Select(b => new Guid(b)));

    [Fact]
    public void TryParse_AnySpelling_IsTheSameBase() => Prop.ForAll(Guids, guid =>
    {
        var id = BaseId.Parse(guid.ToString());
        Assert.Equal(guid.ToString(), id.ToString());
        Assert.Equal(id, BaseId.Parse(guid.ToString("N")));
        Assert.Equal(id, BaseId.Parse(guid.ToString().ToUpperInvariant()));
        Assert.True(BaseId.TryParse<byte>(Encoding.ASCII.GetBytes(guid.ToString()), out var ofBytes));
        Assert.Equal(id, ofBytes);
        Assert.Equal(guid.ToString()[..2], id.Bucket.ToString());
    }).Check(Config.QuickThrowOnFailure);

    [Theory]
    [InlineData("")]
    [InlineData("ff84e1a1-66e2-4a3b-9c1d-0123456789a")]
    [InlineData("ff84e1a1-66e2-4a3b-9c1d-0123456789abc")]
    [InlineData("ff84e1a166e24a3b9c1d0123456789a")]
    [InlineData("ff84e1a1_66e2_4a3b_9c1d_0123456789ab")]
    [InlineData("-f84e1a1-66e2-4a3b-9c1d-0123456789ab")]
    [InlineData("ff84e1a1-66e2-4a3b-9c1d-0123456789ag")]
    [InlineData("{f84e1a1-66e2-4a3b-9c1d-0123456789a}")]
    [InlineData("ff84e1a166e2-4a3b-9c1d-0123456789abff")]
    public void TryParse_NoUuid_IsRefused(string text)
    {
        Assert.False(BaseId.TryParse(text, out var id));
        Assert.Equal(default, id);
        Assert.Throws<FormatException>(() => BaseId.Parse(text));
    }

    [Fact]
    public void CompareTo_Ids_FollowTheirText() => Prop.ForAll(Guids, Guids, (a, b) =>
    {
        var (x, y) = (BaseId.Parse(a.ToString()), BaseId.Parse(b.ToString()));
        Assert.Equal(Math.Sign(string.CompareOrdinal(a.ToString(), b.ToString())), Math.Sign(x.CompareTo(y)));
        var order = x.CompareTo(y);
        Assert.Equal(order < 0, x < y);
        Assert.Equal(order > 0, x > y);
        Assert.Equal(order <= 0, x <= y);
        Assert.Equal(order >= 0, x >= y);
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Bucket_All256_RoundTripThroughTheirText()
    {
        Assert.Equal(256, Bucket.All.Count());
        foreach (var bucket in Bucket.All)
        {
            Assert.True(Bucket.TryParse(bucket.ToString(), out var again));
            Assert.Equal(bucket, again);
            Assert.True(Bucket.TryParse(bucket.ToString().ToUpperInvariant(), out again));
            Assert.Equal(bucket, again);
            Assert.Equal($"{bucket.Index:x2}", bucket.ToString());
        }
        Assert.Equal(Bucket.All, Bucket.All.Order());
    }

    [Theory]
    [InlineData("")]
    [InlineData("f")]
    [InlineData("fff")]
    [InlineData("0x")]
    [InlineData("+f")]
    [InlineData(" f")]
    [InlineData("\uff10\uff10")]
    public void Bucket_NotTwoHexDigits_IsRefused(string text) => Assert.False(Bucket.TryParse(text, out _));

    [Theory]
    [InlineData("ff84e1a1", 8, "ff84e1a1")]
    [InlineData("FF84E1A1-66e2", 12, "ff84e1a166e2")]
    [InlineData("ff84e1a166e2", 12, "ff84e1a166e2")]
    [InlineData("ff84e1a1-", 8, "ff84e1a1")]
    [InlineData(BaseTestData.Uuid, 32, BaseTestData.Uuid)]
    [InlineData("ff84e1a166e24a3b9c1d0123456789ab", 32, BaseTestData.Uuid)]
    public void BasePrefix_EightDigitsOrMore_AreRead(string text, int digits, string canonical)
    {
        var pin = BaseTestData.Pin(text);
        Assert.Equal((digits, canonical, digits == 32), (pin.Digits, pin.ToString(), pin.IsWhole));
        Assert.True(pin.Covers(BaseTestData.Id));
        Assert.Equal(BaseTestData.Id.Bucket, pin.Bucket);
        Assert.Equal(pin, BaseTestData.Pin(pin.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff84e1a")]
    [InlineData("ff84e1a1-66e24")]
    [InlineData("ff84e1a166e2-4a3b")]
    [InlineData("ff84e1ag")]
    [InlineData(BaseTestData.Uuid + "0")]
    [InlineData("ff84e1a1*")]
    public void BasePrefix_FewerDigitsOrOthers_AreRefused(string text) => Assert.False(BasePrefix.TryParse(text, out _));

    [Fact]
    public void BasePrefix_Covers_IsWhatTheDigitsSay() => Prop.ForAll(Guids, Guids, (a, b) =>
    {
        for (var digits = 8; digits <= 32; digits++)
        {
            var mixed = a.ToString("N")[..digits] + b.ToString("N")[digits..];
            var pin = BaseTestData.Pin(a.ToString("N")[..digits]);
            Assert.True(pin.Covers(BaseId.Parse(mixed)));
            Assert.Equal(b.ToString("N").StartsWith(a.ToString("N")[..digits], StringComparison.Ordinal), pin.Covers(BaseId.Parse(b.ToString())));
            Assert.True(pin.Covers(BasePrefix.Of(BaseId.Parse(mixed))));
            Assert.Equal(digits == 32, BasePrefix.Of(BaseId.Parse(mixed)).Covers(pin));
        }
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void BasePrefix_Default_CoversNothing()
    {
        Assert.False(default(BasePrefix).Covers(default(BaseId)));
        Assert.False(default(BasePrefix).Covers(default(BasePrefix)));
    }
}
