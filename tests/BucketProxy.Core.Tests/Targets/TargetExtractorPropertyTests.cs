using System.Text;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Targets;
using BucketProxy.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace BucketProxy.Core.Tests.Targets;

[Trait("Kind", "Fuzz")]
public sealed class TargetExtractorPropertyTests
{
    private const string A = "ff84e1a1-66e2-4a3b-9c1d-0123456789ab";
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(5000);
    private static readonly string[] Words = ["/", "//", "?", "&", "=", "%", "%2", "%2f", "%5c", "%2e%2e", "..", ".", "%00", "-", ";", "dtables", "api", "&dtable_uuid=", "0f84e1a1-66e2-4a3b-9c1d-0123456789ab", "/dtables/0f84e1a166e24a3b9c1d0123456789ab"];
    private static readonly TargetExtractor Extractor = new();

    private static readonly Gen<string> Uuid =
        from bytes in Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i), 16)
        from format in Gen.Elements("D", "N")
        from spelling in Gen.ArrayOf(Gen.Choose(0, 5), 36)
        select string.Concat(new Guid(bytes).ToString(format).Select((c, i) => spelling[i] switch
        {
            0 => $"%{(int)c:x2}",
            1 => $"%{(int)c:X2}",
            2 => c.ToString().ToUpperInvariant(),
            3 => $"%{(int)char.ToUpperInvariant(c):X2}",
            _ => c.ToString(),
        }));

    /// <summary>Pieces that matter, glued at random: near misses of every shape.</summary>
    private static readonly Gen<string> Glued = Gen.Elements(
            "/", "/", "/", "?", "&", "=", "api", "API", "v1", "v2", "v", "internal", "dtables", "Dtables", "socket.io", "ping", "admin",
            "sys-info", "import-csv", "connected-apps", "dtable_uuid", "dtable%5fuuid", "dtable_uuid=", "dtable_uuid[]", "sid", A, A,
            A.ToUpperInvariant(), A.Replace("-", ""), "0f84e1a1-66e2-4a3b-9c1d-0123456789ab", "/dtables/", "/api/v1/dtables/",
            "/socket.io/?dtable_uuid=", "&dtable_uuid=", "..", ".", "%2e", "%2f", "%5C", "%", "%00", ";", "\\", "#", " ", "\0", "\u00e9",
            "http://", "https://h", "host", "@", "*", "/dtable-server", "/api-gateway", "//", "x")
        .ListOf().Select(string.Concat);

    /// <summary>Ways down and up again, with separators of every kind, and perhaps another base at their end.</summary>
    private static readonly Gen<string> Climbing =
        from steps in (from separator in Gen.Elements("/", "/", "%2f", "%5C") from name in Gen.Elements("a", "a", "..", "..", "%2e.", ".", "") select separator + name).ListOf()
        from end in Gen.Elements("", "/0f84e1a166e24a3b9c1d0123456789ab", "%2F0f84e1a166e24a3b9c1d0123456789ab")
        select "/a" + string.Concat(steps) + end;

    private static readonly Gen<string> Structured =
        from origin in Gen.Elements("", "", "", "http://h", "HTTPS://h:1")
        from prefix in Gen.Elements("", "", "/dtable-server", "/api-gateway", "/other", "/")
        from route in Gen.Elements(
            "/dtables/{0}", "/api/v1/dtables/{0}", "/api/v2/internal/dtables/{0}", "/api/v1/{0}/import-csv",
            "/api/v1/internal/{0}/connected-apps", "/socket.io/?a=1&dtable_uuid={0}", "/socket.io?dtable_uuid={0}&dtable_uuid={0}")
        from uuid in Gen.Frequency((5, Uuid), (1, Gen.Elements("", "x", "%", "..", A + "0")))
        from tail in Gen.OneOf(
            Gen.Elements("", "/", "/rows/", "/../", "/a/..", "/a/%2e./%2E%2e/b", "/..%2fb", "//", "&x=y", "?x=../.."),
            Climbing)
        select origin + prefix + string.Format(route, uuid) + tail;

    private static readonly Gen<string> Target = Gen.OneOf(Glued, Structured,
        from target in Structured
        from seed in Gen.Choose(0, int.MaxValue)
        select Mutations.Of(target, new System.Random(seed), Words));

    [Fact]
    public void Extract_AnySpellingOfAUuid_FindsTheSameBase() => Check(Uuid, uuid =>
    {
        var plain = BaseId.Parse(Uri.UnescapeDataString(uuid));
        foreach (var target in new[] { $"/api/v1/dtables/{uuid}/rows/", $"/socket.io/?EIO=4&dtable_uuid={uuid}&sid=1" })
        {
            Assert.Equal(plain, Extractor.Extract(target).BaseId);
            Assert.Equal(plain.Bucket, Extractor.Extract<byte>(Encoding.ASCII.GetBytes(target)).BaseId.Bucket);
        }
    });

    [Fact]
    public void Extract_NearMisses_AgreesWithTheOracle() => Check(Target, target =>
    {
        var expected = TargetOracle.Read(target);
        foreach (var actual in new[] { Extractor.Extract(target), Extractor.Extract<byte>(Encoding.Latin1.GetBytes(target)) })
        {
            Assert.Equal(expected.Kind, actual.Kind);
            if (expected.Id is not { } id)
                continue;
            Assert.Equal(id, actual.BaseId);
            Assert.Equal(expected.Forwarded, target[actual.ForwardStart..]);
        }
    });

    // Servers behind us that decode, merge slashes or resolve dots find the base that we found, and none where we found none.
    [Fact]
    public void Extract_WhatAServerMayMakeOfTheTarget_IsNeverAnotherBase() => Check(Target, target =>
    {
        var ours = Extractor.Extract(target);
        if (ours.Kind == TargetKind.Malformed || target == "*")
            return;
        foreach (var other in TargetOracle.Normalised(target[ours.ForwardStart..]))
        {
            var theirs = TargetOracle.Read(other, hasPrefix: false);
            Assert.True(theirs.Id is not { } id || (ours.Kind == TargetKind.Base && id == ours.BaseId), $"{target} is {ours.Kind} {ours.BaseId}, and {other} {theirs.Kind} {theirs.Id}");
        }
    });

    [Fact]
    public void Extract_Garbage_NeverThrowsAndNeverFindsABase() => Check(Gen.ArrayOf(Gen.Choose(0, 255).Select(i => (byte)i)), bytes =>
    {
        Assert.NotEqual(TargetKind.Base, Extractor.Extract<byte>(bytes).Kind);
        Assert.NotEqual(TargetKind.Base, Extractor.Extract(string.Concat(bytes.Select(b => (char)(b * 257)))).Kind);
    });

    private static void Check<T>(Gen<T> cases, Action<T> body) => Fuzzing.Repeat(() => Prop.ForAll(Arb.From(cases), body).Check(Cases));
}
