using System.Text;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Targets;

namespace BucketProxy.Core.Tests.Targets;

public sealed class TargetExtractorTests
{
    private const string A = "ff84e1a1-66e2-4a3b-9c1d-0123456789ab";
    private const string B = "0f84e1a1-66e2-4a3b-9c1d-0123456789ab";
    private static readonly TargetExtractor Extractor = new();

    /// <summary>Both spellings of the input, as chars and as bytes, must say the same.</summary>
    private static RequestTarget Extract(string target)
    {
        var ofChars = Extractor.Extract(target);
        var ofBytes = Extractor.Extract<byte>(Encoding.Latin1.GetBytes(target));
        Assert.Equal(ofChars, ofBytes);
        return ofChars;
    }

    [Theory]
    [InlineData("/dtables/{0}")]
    [InlineData("/dtables/{0}/")]
    [InlineData("/dtables/{0}?x=1")]
    [InlineData("/dtables/{0}/?dtable_uuid=" + B)]
    [InlineData("/api/v1/dtables/{0}")]
    [InlineData("/api/v1/dtables/{0}/rows/?filter=" + B)]
    [InlineData("/api/v1/internal/dtables/{0}/snapshot/")]
    [InlineData("/api/v2/dtables/{0}/sql")]
    [InlineData("/api/v2/dtables/{0}/sql/?a=b?c=d")]
    [InlineData("/api/v12/dtables/{0}")]
    [InlineData("/API/V1/DTables/{0}/rows/")]
    [InlineData("/api/v1/{0}/import-csv/")]
    [InlineData("/api/v1/{0}/import-csv")]
    [InlineData("/api/v1/internal/{0}/connected-apps/x")]
    [InlineData("/socket.io/?dtable_uuid={0}&EIO=3&transport=polling")]
    [InlineData("/socket.io?EIO=4&dtable_uuid={0}")]
    [InlineData("/socket.io/?dtable_uuid={0}&dtable_uuid={0}")]
    [InlineData("/socket.io/?dtable%5Fuuid={0}")]
    [InlineData("/socket.io/?xdtable_uuid=" + B + "&dtable_uuidx=" + B + "&DTABLE_UUID=" + B + "&dtable_uuid={0}")]
    [InlineData("/socket.io/?&&=&x&dtable_uuid={0}&")]
    [InlineData("/api/v1/dtables/{0}/a%2Fb/../%7E//c;d")]
    [InlineData("/api/v1/dtables/{0}/a/b/../../")]
    [InlineData("/api/v1/dtables/{0}/.../..a/%2e%2e%2e/./")]
    public void Extract_KnownShape_FindsBaseInEverySpelling(string shape)
    {
        foreach (var uuid in new[]
        {
            A,
            A.ToUpperInvariant(),
            A.Replace("-", ""),
            A.Replace("-", "%2D"),
            A.Replace("-", "%2d"),
            string.Concat(A.Select(c => "%" + ((int)c).ToString("X2"))),
        })
        {
            foreach (var prefix in new[] { "", "/dtable-server", "/api-gateway", "http://host:5000", "HTTPS://host/api-gateway" })
            {
                var path = string.Format(shape, uuid);
                var target = Extract(prefix + path);
                Assert.Equal(TargetKind.Base, target.Kind);
                Assert.Equal(BaseId.Parse(A), target.BaseId);
                Assert.Equal(path, (prefix + path)[target.ForwardStart..]);
                Assert.Equal(shape.Contains("socket.io"), target.IsSocketIo);
            }
        }
    }

    [Theory]
    [InlineData("/ping", LocalRoute.Ping)]
    [InlineData("/ping/", LocalRoute.Ping)]
    [InlineData("/ping/?t=1", LocalRoute.Ping)]
    [InlineData("/dtable-server/ping/", LocalRoute.Ping)]
    [InlineData("/api/v1/admin/sys-info", LocalRoute.SysInfo)]
    [InlineData("/api/v1/admin/sys-info/?x=" + A, LocalRoute.SysInfo)]
    [InlineData("/api/v2/admin/sys-info/", LocalRoute.None)]
    [InlineData("*", LocalRoute.None)]
    [InlineData("/", LocalRoute.None)]
    [InlineData("/?dtable_uuid=" + A, LocalRoute.None)]
    [InlineData("/pingpong", LocalRoute.None)]
    [InlineData("/ping/x", LocalRoute.None)]
    [InlineData("/dtables", LocalRoute.None)]
    [InlineData("/api/v1/dtables", LocalRoute.None)]
    [InlineData("/api/v1/" + A, LocalRoute.None)]
    [InlineData("/api/v1/" + A + "/rows/", LocalRoute.None)]
    [InlineData("/api/v2/" + A + "/import-csv/", LocalRoute.None)]
    [InlineData("/api/v1/internal/" + A + "/import-csv/", LocalRoute.None)]
    [InlineData("/api/v1/" + A + "/connected-apps/", LocalRoute.None)]
    [InlineData("/api/v1/admin/dtables/" + A, LocalRoute.None)]
    [InlineData("/api/dtables/" + A, LocalRoute.None)]
    [InlineData("/api/v/dtables/" + A, LocalRoute.None)]
    [InlineData("/api/vx/dtables/" + A, LocalRoute.None)]
    [InlineData("/x/dtables/" + A, LocalRoute.None)]
    [InlineData("/dtable-server", LocalRoute.None)]
    [InlineData("/dtable-serverx/dtables/" + A, LocalRoute.None)]
    [InlineData("/api-gateway/dtable-server/dtables/" + A, LocalRoute.None)]
    [InlineData("/Dtable-Server/dtables/" + A, LocalRoute.None)]
    [InlineData("/" + A, LocalRoute.None)]
    public void Extract_NoBase_IsLocal(string text, LocalRoute route)
    {
        var target = Extract(text);
        Assert.Equal(TargetKind.NoBase, target.Kind);
        Assert.Equal(route, target.Route);
        Assert.False(target.IsSocketIo);
    }

    [Theory]
    [InlineData("/socket.io/")]
    [InlineData("/socket.io")]
    [InlineData("/socket.io/?EIO=4&token=" + A)]
    [InlineData("/socket.io/?filter=dtable_uuid=" + A)]
    public void Extract_SocketIoWithoutUuid_IsLocalAndSaysSo(string text)
    {
        var target = Extract(text);
        Assert.Equal(TargetKind.NoBase, target.Kind);
        Assert.Equal(LocalRoute.None, target.Route);
        Assert.True(target.IsSocketIo);
    }

    [Theory]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&sid=abc", true)]
    [InlineData("/socket.io/?s%69d=abc&dtable_uuid=" + A, true)]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&sidx=abc", false)]
    [InlineData("/dtables/" + A + "?sid=abc", false)]
    public void Extract_Session_IsSeenOnSocketIoOnly(string text, bool expected) =>
        Assert.Equal(expected, Extract(text).HasSession);

    [Theory]
    [InlineData("", TargetFault.NotAPath)]
    [InlineData("host:443", TargetFault.NotAPath)]
    [InlineData("dtables/" + A, TargetFault.NotAPath)]
    [InlineData("ftp://host/dtables/" + A, TargetFault.NotAPath)]
    [InlineData("http://host", TargetFault.NotAPath)]
    [InlineData("http:///dtables/" + A, TargetFault.NotAPath)]
    [InlineData("http://host?/dtables/" + A, TargetFault.NotAPath)]
    [InlineData("http://a@host/dtables/" + A, TargetFault.NotAPath)]
    [InlineData("http://host\\x/dtables/" + A, TargetFault.NotAPath)]
    [InlineData("**", TargetFault.NotAPath)]
    [InlineData("/dtables/" + A + "#x", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/a b", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "\0", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/\t", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/\r\nX: y", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/\u00e4", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/\u007f", TargetFault.InvalidCharacter)]
    [InlineData("/dtables\\" + A, TargetFault.InvalidCharacter)]
    [InlineData("/dtables/" + A + "/..\\x", TargetFault.InvalidCharacter)]
    [InlineData("/dtables/", TargetFault.NotAUuid)]
    [InlineData("/dtables//" + A, TargetFault.NotAUuid)]
    [InlineData("/dtables/.", TargetFault.NotAUuid)]
    [InlineData("/api/v1/dtables/../dtables/" + A, TargetFault.NotAUuid)]
    [InlineData("/dtables/x" + A, TargetFault.NotAUuid)]
    [InlineData("/dtables/" + A + "0", TargetFault.NotAUuid)]
    [InlineData("/dtables/" + A + ";x", TargetFault.NotAUuid)]
    [InlineData("/dtables/" + A + "%2Frows", TargetFault.NotAUuid)]
    [InlineData("/dtables/" + A + "%00", TargetFault.NotAUuid)]
    [InlineData("/dtables/" + A + "%3Fx", TargetFault.NotAUuid)]
    [InlineData("/dtables/%66%66%3", TargetFault.NotAUuid)]
    [InlineData("/dtables/ff84e1a166e2-4a3b-9c1d-0123456789ab", TargetFault.NotAUuid)]
    [InlineData("/dtables/ff84e1a1-66e24a3b-9c1d-0123456789ab-", TargetFault.NotAUuid)]
    [InlineData("/dtables/{ff84e1a1-66e2-4a3b-9c1d-0123456789ab}", TargetFault.NotAUuid)]
    [InlineData("/dtables/gf84e1a1-66e2-4a3b-9c1d-0123456789ab", TargetFault.NotAUuid)]
    [InlineData("/dtables/%2566f84e1a1-66e2-4a3b-9c1d-0123456789ab", TargetFault.NotAUuid)]
    [InlineData("/api/v1/admin/import-csv/", TargetFault.NotAUuid)]
    [InlineData("/api/v1/internal/x/connected-apps", TargetFault.NotAUuid)]
    [InlineData("/socket.io/?dtable_uuid=", TargetFault.NotAUuid)]
    [InlineData("/socket.io/?dtable_uuid", TargetFault.NotAUuid)]
    [InlineData("/socket.io/?dtable_uuid=+" + A, TargetFault.NotAUuid)]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&dtable_uuid=", TargetFault.NotAUuid)]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&dtable_uuid=" + B, TargetFault.SeveralBases)]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&d%74able_uuid=" + B, TargetFault.SeveralBases)]
    [InlineData("/socket.io/?dtable_uuid=" + A + "&dtable_uuid[]=" + B, TargetFault.SeveralBases)]
    [InlineData("/socket.io/?dtable_uuid%5B0%5D=" + A, TargetFault.SeveralBases)]
    [InlineData("/dtables/" + A + "/..", TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/../" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/./../" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "//../" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/x/../../" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/%2e%2E/" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/.%2e/" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/..%2f" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/..%5C" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/a%2fb/../../" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/a%5cb%2f..%2f..%2f" + B, TargetFault.LeavesBase)]
    [InlineData("/dtables/" + A + "/a%2fb/../..%2f" + B, TargetFault.LeavesBase)]
    [InlineData("/api/v1/" + A + "/import-csv/../../dtables/" + B, TargetFault.LeavesBase)]
    [InlineData("//dtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/dtable-server//dtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/dtable-server/../dtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/api//v1/dtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/api/v1/%64tables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/api/v1%2Fdtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/%61pi-gateway/dtables/" + A, TargetFault.AmbiguousPath)]
    [InlineData("/ping//", TargetFault.AmbiguousPath)]
    [InlineData("/ping/..", TargetFault.AmbiguousPath)]
    [InlineData("/socket.io//?dtable_uuid=" + A, TargetFault.AmbiguousPath)]
    public void Extract_Malformed_SaysWhy(string text, TargetFault fault)
    {
        var target = Extract(text);
        Assert.Equal(TargetKind.Malformed, target.Kind);
        Assert.Equal(fault, target.Fault);
        Assert.NotEqual("", target.FaultMessage);
    }

    [Fact]
    public void Extract_CharBeyondLatin1_IsNotCutDownToAnAsciiOne() =>
        // U+0130 cut to eight bits is '0'.
        Assert.Equal(TargetFault.InvalidCharacter, Extractor.Extract("/dtables/\u0130f84e1a1-66e2-4a3b-9c1d-0123456789ab").Fault);

    [Fact]
    public void Constructor_OverlappingPrefixes_LongestIsStripped()
    {
        var extractor = new TargetExtractor(["/a", "/a/b"]);
        Assert.Equal("/dtables/" + A, ("/a/b/dtables/" + A)[extractor.Extract("/a/b/dtables/" + A).ForwardStart..]);
        Assert.Equal(TargetKind.Base, extractor.Extract("/a/dtables/" + A).Kind);
    }

    [Fact]
    public void Constructor_NoPrefixes_DefaultOnesAreUnknown() =>
        Assert.Equal(TargetKind.NoBase, new TargetExtractor([]).Extract("/dtable-server/dtables/" + A).Kind);

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("x")]
    [InlineData("/x/")]
    [InlineData("/a//b")]
    [InlineData("/a/..")]
    [InlineData("/a b")]
    [InlineData("/a%20b")]
    [InlineData("/a?b")]
    [InlineData("/a\\b")]
    [InlineData("/\u00e4")]
    [InlineData("/api")]
    [InlineData("/API/x")]
    [InlineData("/dtables")]
    [InlineData("/socket.io")]
    [InlineData("/ping")]
    public void Constructor_PrefixThatCannotWork_IsRefusedByName(string prefix)
    {
        var error = Assert.Throws<ArgumentException>(() => new TargetExtractor([prefix]));
        Assert.StartsWith($"'{prefix}'", error.Message);
    }

    [Fact]
    public void Extract_AnyTarget_AllocatesNothing()
    {
        string[] targets =
        [
            "/api/v1/dtables/" + A + "/rows/a/../b%2F?x=" + B,
            "/api-gateway/socket.io/?EIO=4&dtable_uuid=" + A.Replace("-", "%2D") + "&sid=1",
            "http://host/api/v1/" + A + "/import-csv/",
            "/ping/",
            "/dtables/nonsense",
            "/%2e%2e/",
        ];
        var bytes = targets.Select(Encoding.ASCII.GetBytes).ToArray();
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            foreach (var target in targets)
                Extractor.Extract(target);
            foreach (var target in bytes)
                Extractor.Extract<byte>(target);
        }
    }
}
