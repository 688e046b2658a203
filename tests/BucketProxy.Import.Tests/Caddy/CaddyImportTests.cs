using BucketProxy.Import.Splits;
using BucketProxy.Import.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests.Caddy;

public sealed class CaddyImportTests
{
    private const string One = "http://dtable-server:5000";
    private const string Two = "http://dtable-server-2:5000";

    [Fact]
    public void Read_TheManualsFile_IsTheSameAsItsNginxFile()
    {
        var (caddy, nginx) = (Imports.Of(Manuals.Caddy), Imports.Of(Manuals.Nginx));

        Assert.Equal("Caddy", caddy.Product);
        Assert.Equal([(One, "dtable-server:5000"), (Two, "dtable-server-2:5000")], caddy.Servers.AsEnumerable());
        Assert.Equal(nginx.Split.Owners.AsEnumerable(), caddy.Split.Owners);
        Assert.Equal(nginx.Split.Pins.AsEnumerable(), caddy.Split.Pins);
        // Caddy's MB is 10^6 bytes.
        Assert.Equal(("*:5000", 100_000_000L), (caddy.Settings.Listen, caddy.Settings.MaxBodySize));
    }

    [Fact]
    public void Read_WhatCaddyDoesOtherwise_IsSaidWithAnExample() => Assert.Contains(
        "A UUID of 32 hex digits, in a path: /api/v1/dtables/00000000000000000000000000000000/rows/ gets 404 there. Here it goes to http://dtable-server-2:5000.", Imports.Of(Manuals.Caddy).Remarks);

    // By content, not by name.
    [Theory]
    [InlineData("\uFEFF")]
    [InlineData("\r\n# Ändern 変更;\r\n")]
    public void Read_ByteOrderMarkAndComments_AreNothing(string before)
    {
        Assert.Equal("nginx", Imports.Of(before.Trim('\uFEFF') + Manuals.Nginx.Replace("\n", "\r\n", StringComparison.Ordinal)).Product);
        Assert.Equal("Caddy", Imports.Of(before.Trim('\uFEFF') + Manuals.Caddy.Replace("\n", "\r\n", StringComparison.Ordinal)).Product);
    }

    [Theory]
    [InlineData("respond 404", "handle /socket.io* {\nreverse_proxy dtable-server:5000\n}")]
    [InlineData("metrics /metrics", "@x not path /a*\nrespond @static pong 200")]
    [InlineData("`{http.request.orig_uri}.matches('[0-9][0-9a-f]{7}-[0-9a-f]{4}')`", "expression {http.request.uri}.matches('[0-9][0-9a-f]{7}-[0-9a-f]{4}')")]
    [InlineData("`{http.request.orig_uri}.matches('[0-9][0-9a-f]{7}-[0-9a-f]{4}')`", "`{uri}.matches(r'\\d[0-9a-f]{7}-') && !{path}.startsWith('/nothing') || {query} == 'x'`")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits {\nto http://dtable-server-2:5000\nheader_up X-A b\ntransport http {\ndial_timeout 3s\n}\n}")]
    [InlineData(":5000 {", "(all) {\nencode gzip\n}\n:5000 {\nimport all")]
    [InlineData(":5000 {", "http://example.com:80 {\nredir https://example.com{uri}\n}\n:5000 {")]
    public void Read_AnotherWayToWriteIt_IsTheSameSplit(string what, string instead)
    {
        var (changed, manual) = (Imports.Of(Imports.Caddy(what, instead)), Imports.Of(Manuals.Caddy));

        Assert.Equal(manual.Split.Owners.AsEnumerable(), changed.Split.Owners);
        Assert.Equal(manual.Split.Pins.AsEnumerable(), changed.Split.Pins);
    }

    // Outside of a route Caddy has an order of its own: what is for one path comes first, what is for all comes last.
    [Fact]
    public void Read_OutsideOfARoute_GoesByCaddysOrder()
    {
        var imported = Imports.Of("""
            :80

            reverse_proxy 10.0.0.9:1
            reverse_proxy /a* 10.0.0.8:1
            @left path_regexp ^/(.*/)?(dtables/|v1/(internal/)?)?[0-7]
            handle @left {
                reverse_proxy 10.0.0.1:1
            }
            @socket expression `{http.request.uri.query.dtable_uuid}.matches('^[0-7]')`
            handle @socket {
                reverse_proxy 10.0.0.1:1
            }
            handle {
                reverse_proxy 10.0.0.2:1
            }
            """);

        Assert.Equal([.. Enumerable.Repeat("http://10.0.0.1:1", 128), .. Enumerable.Repeat("http://10.0.0.2:1", 128)], imported.Split.Owners.AsEnumerable());
        Assert.Equal(0, imported.Settings.MaxBodySize);
    }

    // To Caddy a second star stops at a slash.
    [Theory]
    [InlineData("/api/**")]
    [InlineData("/api/*/x*")]
    public void Read_APathWithSeveralStars_IsRefused(string path) =>
        Assert.Contains("that is not understood", Imports.Refusal(Imports.Caddy("metrics /metrics", $"@x path {path}\nreverse_proxy @x dtable-server:5000")), StringComparison.Ordinal);

    // Up to Caddy 2.6 they do not exclude one another in a route.
    [Fact]
    public void Read_AHandleOfARouteThatLeavesARequestToOthers_IsRefused() => Assert.Contains(
        "may leave a request unanswered", Imports.Refusal(Imports.Caddy("metrics /metrics", "handle /api/* {\nreverse_proxy /x dtable-server:5000\n}\nhandle /api/v1/* {\nreverse_proxy dtable-server:5000\n}")), StringComparison.Ordinal);

    [Fact]
    public void Read_AHandleOfARouteThatAnswers_MayHaveOthersBehindIt() => Assert.Equal(
        Imports.Of(Manuals.Caddy).Split.Owners.AsEnumerable(), Imports.Of(Imports.Caddy("metrics /metrics", "handle /ping/* {\nrespond pong\n}\nhandle /api/v1/admin/* {\n}")).Split.Owners);

    // Caddy 2.5 puts the path first, 2.6 leaves them as they stand; 2.10 does not count the star.
    [Theory]
    [InlineData("@d path_regexp /dtables/[0-7]\nreverse_proxy @d b:1\nreverse_proxy /dtables/* a:1")]
    [InlineData("handle /socket.io* {\nreverse_proxy b:1\n}\nhandle /socket.io/ {\nreverse_proxy a:1\n}")]
    [InlineData("@d {\npath /dtables/*\npath_regexp [0-7]\n}\n@e expression {path}.contains('8')\nreverse_proxy @e b:1\nreverse_proxy @d c:1")]
    public void Read_AnOrderThatGoesByCaddysVersion_IsRefused(string site) =>
        Assert.Contains("as Caddy's version has it", Imports.Refusal($":80 {{\n{site}\nreverse_proxy a:1\n}}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("path_regexp /a\npath_regexp /b")]
    [InlineData("expression {path}.contains('/a')\nexpression {path}.contains('/b')")]
    public void Read_AKindOfMatcherTwice_IsRefused(string lines) =>
        Assert.Contains("stands twice in one matcher", Imports.Refusal(Imports.Caddy("metrics /metrics", $"@x {{\n{lines}\n}}\nrespond @x 403")), StringComparison.Ordinal);

    // The case of a parameter's name counts, and its value has no percent-encoding any more.
    [Theory]
    [InlineData("{query.DTABLE_UUID}.startsWith('0')", false)]
    [InlineData("{query.dtable_uuid}.startsWith('0')", true)]
    [InlineData("{query.view_name} == 'Default%20View'", false)]
    [InlineData("{query.view_name} == 'Default View'", true)]
    public void Read_AParameter_IsWhatCaddyTakesItFor(string condition, bool holds) => Assert.Equal(
        holds, Imports.Of(Imports.Caddy("metrics /metrics", $"@x `{condition}`\nrespond @x 403")).Remarks.Any(r => r.Contains(" gets 403 there", StringComparison.Ordinal)));

    [Theory]
    [InlineData("transport fastcgi", "servers are spoken to in HTTP")]
    [InlineData("transport http {\nforward_proxy_url http://other:1\n}", "may decide where a base goes")]
    [InlineData("transport http {\ntls_server_name a\n}", "write the server's address with https://")]
    public void Read_ATransportThatLeadsElsewhere_IsRefused(string line, string expected) => Assert.Contains(
        expected, Imports.Refusal(Imports.Caddy("reverse_proxy @digits dtable-server-2:5000", $"reverse_proxy @digits dtable-server-2:5000 {{\n{line}\n}}")), StringComparison.Ordinal);

    [Fact]
    public void Read_ABackslashInFrontOfTheLastQuote_DoesNotEscapeIt() => Assert.Equal(
        Imports.Of(Manuals.Caddy).Split.Owners.AsEnumerable(), Imports.Of(Imports.Caddy("metrics /metrics", "respond /x \"a\\\\\" 200")).Split.Owners);

    // What answers by itself is said for each kind of request.
    [Fact]
    public void Read_SeveralKindsThatAreAnswered_AreAllSaid()
    {
        var remarks = Imports.Of(Imports.Caddy("metrics /metrics", "respond /dtables/* 403")).Remarks;
        Assert.Contains("/dtables/00000000-0000-0000-0000-000000000000 gets 403 there. Here it goes to the base's server.", remarks);
        Assert.Contains("/dtables/00000000-0000-0000-0000-000000000000/ gets 403 there. Here it goes to the base's server.", remarks);
    }

    // The one for a path goes first, though it stands last: so these are two places.
    [Fact]
    public void Read_OutsideOfARoute_LongestPathGoesFirst() => Assert.Contains(
        "http://b:1 for /dtables/00000000-0000-0000-0000-000000000000, and http://a:1 for /api/v1/",
        Imports.Refusal(":80 {\nreverse_proxy a:1\nreverse_proxy /d* a:1\n@d path /dtables/*\nreverse_proxy @d b:1\n}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits dtable-server-2:5000 dtable-server-3:5000", "has 2 servers: Caddy sends one base to several of them")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits {\ndynamic a dtable-server 5000\n}", "asks for servers by name")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits {http.request.host}:5000", "is no address of one server")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits {$OTHER}:5000", "takes a variable of Caddy's environment")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @nobody dtable-server-2:5000", "goes by @nobody, which is not named in this site")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "reverse_proxy @digits dtable-server-2:5000 {\nhandle_response {\n}\n}", "may send a request on elsewhere")]
    [InlineData("reverse_proxy @digits dtable-server-2:5000", "", "goes to no server (404)")]
    [InlineData("metrics /metrics", "rewrite /a /b", "changes the path")]
    [InlineData("metrics /metrics", "handle_path /a* {\n}", "changes the path")]
    [InlineData("metrics /metrics", "reverse_proxy /api/v2/* dtable-server:5000", "goes to two places")]
    [InlineData("metrics /metrics", "forward_auth other:1", "asks a server of its own")]
    [InlineData("metrics /metrics", "php_server", "is not known here, and may decide where a base goes")]
    [InlineData("metrics /metrics", "@h header X-Server two\nrespond @h 403", "goes by something else than the address")]
    [InlineData("metrics /metrics", "@h `{http.request.host} == 'a'`\nrespond @h 403", "goes by {http.request.host}; a base is named by the address only")]
    [InlineData("metrics /metrics", "@h `size({path}) > 3`\nrespond @h 403", "is an expression that is not understood, from its character 1 on")]
    [InlineData("metrics /metrics", "import nowhere", "'import nowhere' cannot be read here")]
    [InlineData("metrics\n", "order respond first\n", "changes the order of directives")]
    [InlineData(":5000 {", "example.com {", "is served with a certificate that Caddy gets by itself")]
    [InlineData(":5000 {", ":81 {\nreverse_proxy a:1\n}\n:5000 {", "several sites pass requests on (line 5, line 8)")]
    [InlineData("metrics /metrics", "respond /a <<X\n", "a text over several lines")]
    public void Read_WhatSendsABaseElsewhereOrMay_IsRefusedWithTheReason(string what, string instead, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Caddy(what, instead)), StringComparison.Ordinal);

    [Theory]
    [InlineData(":5000 {\nreverse_proxy a:1", "line 1: a '{' that is not closed")]
    [InlineData(":5000 {\n}\n}", "line 3: a '}' that closes nothing")]
    [InlineData(":5000 {\n\"a\n}", "line 2: a \" that is not closed")]
    [InlineData(":5000 {\nrespond 404\n}", "no site passes requests on")]
    [InlineData("", "no site passes requests on")]
    public void Read_WhatIsNone_IsRefusedWithTheLine(string text, string expected) => Assert.Contains(expected, Imports.Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void Read_AFileThatImportsItself_EndsInAMessage()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.Combine("a"), "import a\n");
        Assert.Contains("more than 64 blocks in each other", Assert.Throws<ImportException>(() => SplitImport.Read(":1 {\nimport a\n}", folder.Path)).Message, StringComparison.Ordinal);
    }

    // Each twice the one before: 2^40 directives.
    [Fact]
    public void Read_SnippetsOfSnippets_EndInAMessage() => Assert.Contains(
        "is one of more than 100000 directives",
        Imports.Refusal("(s0) {\nencode gzip\n}\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"(s{i}) {{\nimport s{i - 1}\nimport s{i - 1}\n}}\n")) + ":1 {\nimport s40\n}\n"), StringComparison.Ordinal);

    [Fact]
    public void Read_ExpressionOfBracketsWithoutEnd_EndsInAMessage() => Assert.Contains(
        "is an expression that is not understood", Imports.Refusal(Imports.Caddy("metrics /metrics", $"@h `{new string('(', 100_000)}`\nrespond @h 403")), StringComparison.Ordinal);

    [Fact]
    public void Read_BracesWithoutEnd_EndInAMessage() =>
        Assert.Contains("more than 64 blocks in each other", Imports.Refusal(":1 {\n" + string.Concat(Enumerable.Repeat("a {\n", 10_000))), StringComparison.Ordinal);

    [Theory]
    [InlineData("example.com {\ntls /a.pem /b.pem", "*:443", "/a.pem")]
    [InlineData(":443 {\ntls /a.pem /b.pem", "*:443", "/a.pem")]
    [InlineData("http://example.com {", "*:80", null)]
    [InlineData(":5000 {\nbind 127.0.0.1", "127.0.0.1:5000", null)]
    [InlineData(":5000, :5001 {", "*:5000", null)]
    public void Read_AddressOfTheSite_IsListenedTo(string instead, string listen, string? certificate)
    {
        var settings = Imports.Of(Imports.Caddy(":5000 {", instead)).Settings;
        Assert.Equal((listen, certificate), (settings.Listen, settings.CertificateFile));
    }
}
