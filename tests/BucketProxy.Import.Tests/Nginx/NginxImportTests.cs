using BucketProxy.Import.Splits;
using BucketProxy.Import.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests.Nginx;

public sealed class NginxImportTests
{
    private const string One = "http://dtable-server:5000";
    private const string Two = "http://dtable-server-2:5000";

    [Fact]
    public void Read_TheManualsFile_IsItsSplitAndItsPin()
    {
        var imported = Imports.Of(Manuals.Nginx);

        Assert.Equal("nginx", imported.Product);
        Assert.Equal([(One, "dtable_server_a_z"), (Two, "dtable_server_0_9")], imported.Servers.AsEnumerable());
        Assert.Equal([.. Enumerable.Repeat(Two, 160), .. Enumerable.Repeat(One, 96)], imported.Split.Owners.AsEnumerable());
        Assert.Equal([("ff84e1a166e2", Two)], imported.Split.Pins.Select(p => (p.Prefix.ToString(), p.Url)));
        Assert.Equal(("*:5000", 104_857_600L, TimeSpan.FromMinutes(10)), (imported.Settings.Listen, imported.Settings.MaxBodySize, imported.Settings.IdleTimeout));
    }

    [Fact]
    public void Read_WhatNginxDoesOtherwise_IsSaidWithAnExample()
    {
        var remarks = Imports.Of(Manuals.Nginx).Remarks;

        Assert.Contains("A UUID of 32 hex digits, in a path: /api/v1/dtables/00000000000000000000000000000000/rows/ gets http://dtable-server:5000 there. Here it goes to http://dtable-server-2:5000.", remarks);
        Assert.Contains(remarks, r => r.StartsWith("A UUID that begins with a letter in the query of a request for another base: ", StringComparison.Ordinal));
        Assert.Contains(remarks, r => r.Contains("'gzip on' is left out: nothing stands for it here", StringComparison.Ordinal));
    }

    // Each of these sends some base elsewhere in nginx.
    [Theory]
    [InlineData("location / {", "location /api/v2/ { proxy_pass http://dtable_server_a_z; } location / {", "goes to two places")]
    [InlineData("location / {", "location ~ /dtables/0 { proxy_pass http://dtable_server_a_z; } location / {", "goes to two places")]
    [InlineData("location / {", "location / { if ($request_uri ~* dtables/00) { proxy_pass http://dtable_server_a_z; }", "an if may send a request elsewhere")]
    [InlineData("location / {", "location / { if ($request_uri ~* dtables/00) { set $dtable_upstream dtable_server_a_z; }", "an if may send a request elsewhere")]
    [InlineData("location / {", "if ($http_x_server = two) { return 403; } location / {", "goes by $http_x_server")]
    [InlineData("location / {", "set $dtable_upstream dtable_server_a_z; location / {", "sets a variable")]
    [InlineData("location / {", "rewrite ^/x /y; location / {", "changes the path")]
    [InlineData("location / {", "location / { location /x { proxy_pass http://dtable_server_a_z; }", "stands in another location")]
    [InlineData("location / {", "include /nowhere/more.conf; location / {", "'include /nowhere/more.conf' cannot be read here")]
    [InlineData("default dtable_server_a_z;", "default dtable_server_a_z; include /nowhere/*.map;", "'include /nowhere/*.map' cannot be read here")]
    [InlineData("map $request_uri", "map $uri", "goes to two places: http://dtable-server-2:5000 for /dtables/00000000-0000-0000-0000-000000000000, and http://dtable-server:5000 for /socket.io/?dtable_uuid=")]
    [InlineData("default dtable_server_a_z;", "default dtable_server_a_z; hostnames;", "'hostnames' of the map is not understood")]
    [InlineData("map $request_uri", "map $host", "goes by $host; a base is named by the address only")]
    [InlineData("map $request_uri", "map $request_uri$host", "goes by more than one variable")]
    [InlineData("map $request_uri $dtable_upstream", "map $request_uri $other", "goes by $dtable_upstream, and no map of this file makes it")]
    [InlineData("location / {", "location / { mirror /copy;", "sends a request to a second server as well")]
    [InlineData("location / {", "location / { error_page 502 = @other;", "may send a request on elsewhere")]
    [InlineData("location / {", "location / { proxy_cache all;", "answers from a memory of its own")]
    [InlineData("location / {", "location / { try_files $uri @other;", "answers from files")]
    [InlineData("location / {", "location / { js_content main.route;", "'js_content main.route' is not known here, and may decide")]
    [InlineData("location / {", "location / { access_by_lua_block { if x { } }", "is a program, which may decide anything")]
    [InlineData("location / {", "location / { proxy_pass http://dtable_server_a_z;", "has a proxy_pass that is not understood")]
    [InlineData("http://$dtable_upstream;", "http://$dtable_upstream/other/;", "http://dtable-server-2:5000 under the path /other/)")]
    [InlineData("server_name _;", "return 301 https://elsewhere$request_uri;", "goes to no server (301)")]
    [InlineData("gzip on;", "gzip on; } } server { listen 81; location / { proxy_pass http://dtable_server_a_z;", "several servers pass requests on")]
    public void Read_WhatSendsABaseElsewhere_IsRefusedWithTheReason(string what, string instead, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Nginx(what, instead)), StringComparison.Ordinal);

    [Theory]
    [InlineData("server dtable-server:5000;", "server dtable-server:5000; server dtable-server-3:5000;", "has 2 servers (dtable-server:5000, dtable-server-3:5000): nginx sends one base to several")]
    [InlineData("server dtable-server:5000;", "server dtable-server:5000 backup;", "is a second server for the same bases")]
    [InlineData("server dtable-server:5000;", "server dtable-server:5000 down;", "has no server that is not 'down'")]
    [InlineData("server dtable-server:5000;", "hash $request_uri; server dtable-server:5000;", "'hash $request_uri' is not taken over")]
    [InlineData("server dtable-server:5000;", "random; server dtable-server:5000;", "'random' is not taken over")]
    [InlineData("server dtable-server:5000;", "server dtable-server:5000 service=x;", "has a 'service=x', which is not understood")]
    [InlineData("server dtable-server:5000;", "server unix:/run/x;", "is no address of a server")]
    [InlineData("access_log off;", "split_clients $request_uri $dtable_upstream { 50% dtable_server_a_z; * dtable_server_0_9; }", "spreads one base over servers")]
    public void Read_WhatSpreadsABase_IsRefusedByName(string what, string instead, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Nginx(what, instead)), StringComparison.Ordinal);

    // What a variable comes to in a proxy_pass is the whole of what is sent, where it has a path.
    [Theory]
    [InlineData("http://$dtable_upstream/;", "http://dtable-server-2:5000 under the path /)")]
    [InlineData("http://$dtable_upstream/$request_uri;", "http://dtable-server-2:5000 under the path //dtables/UUID for")]
    [InlineData("http://$dtable_upstream/x$request_uri;", "http://dtable-server-2:5000 under the path /x/dtables/UUID for")]
    [InlineData("http://dtable_server_a_z/$request_uri;", "http://dtable-server:5000 under the path //dtables/UUID for")]
    public void Read_ProxyPassWithVariablesAndAPath_ReplacesWhatTheClientSent(string instead, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Nginx("http://$dtable_upstream;", instead)), StringComparison.Ordinal);

    [Theory]
    [InlineData("$request_uri")]
    [InlineData("${request_uri}")]
    [InlineData("$uri$is_args$args")]
    public void Read_ProxyPassWithWhatTheClientSent_IsTheSameSplit(string behind) => Assert.Equal(
        Imports.Of(Manuals.Nginx).Split.Owners.AsEnumerable(), Imports.Of(Imports.Nginx("http://$dtable_upstream;", $"http://$dtable_upstream{behind};")).Split.Owners);

    // The slash is added before a pattern or the longest beginning is looked for.
    [Theory]
    [InlineData("location /socket.io/ { proxy_pass http://$dtable_upstream; }")]
    [InlineData("location ^~ /socket.io/ { proxy_pass http://$dtable_upstream; } location ~ ^/socket { proxy_pass http://$dtable_upstream; }")]
    [InlineData("location = /socket.io/ { proxy_pass http://$dtable_upstream; }")]
    public void Read_ALocationThatEndsInASlash_RedirectsToItself(string locations) => Assert.Contains(
        Imports.Of(Imports.Nginx("location / {", locations + " location / {")).Remarks, r => r.StartsWith("/socket.io?dtable_uuid=", StringComparison.Ordinal) && r.Contains("gets 301 to the same path", StringComparison.Ordinal));

    [Theory]
    [InlineData("location /socket.io/ { proxy_pass http://$dtable_upstream; } location = /socket.io { proxy_pass http://$dtable_upstream; }")]
    [InlineData("location /socket.io/ { proxy_pass http://$dtable_upstream; } location /socket.io { proxy_pass http://$dtable_upstream; }")]
    [InlineData("location ~ /socket.io/ { proxy_pass http://$dtable_upstream; }")]
    [InlineData("location /socket.io { proxy_pass http://$dtable_upstream; }")]
    public void Read_ALocationForThePathWithoutTheSlash_IsTaken(string locations) =>
        Assert.DoesNotContain(Imports.Of(Imports.Nginx("location / {", locations + " location / {")).Remarks, r => r.Contains("gets 301", StringComparison.Ordinal));

    // Of an empty text nginx asks no pattern: these fall to the default.
    [Theory]
    [InlineData("~^$ $by_path; default dtable_server_a_z;")]
    [InlineData("~* $by_path; default dtable_server_a_z;")]
    public void Read_APatternForAnEmptyText_IsNotAsked(string entries) => Assert.Contains("goes to two places", Imports.Refusal(Imports.Nginx(
        "server {\n    server_name", $"map $uri $by_path {{ ~/[0-9][0-9a-f]+- dtable_server_0_9; default dtable_server_a_z; }} map $arg_dtable_uuid $by_arg {{ ~^[0-9] dtable_server_0_9; {entries} }} server {{ server_name")
        .Replace("http://$dtable_upstream;", "http://$by_arg;", StringComparison.Ordinal)), StringComparison.Ordinal);

    [Fact]
    public void Read_AnEmptyTextInAMapOfAMap_IsLookedUpAsNginxDoes()
    {
        var imported = Imports.Of(Imports.Nginx("map $request_uri", "map $uri $empty { default ''; } map $empty $by { ~^$ dtable_server_0_9; '' dtable_server_a_z; } map $empty $or { ~^$ dtable_server_0_9; default $by; } map $request_uri")
            .Replace("http://$dtable_upstream;", "http://$or;", StringComparison.Ordinal));

        Assert.Equal(Enumerable.Repeat(One, 256), imported.Split.Owners.AsEnumerable());
    }

    [Fact]
    public void Read_AMapWithoutADefault_HasNoServerForTheRest() => Assert.Contains(
        "goes to no server (500, since there is no server)", Imports.Refusal(Imports.Nginx("default dtable_server_a_z;", "").Replace("[a-zA-Z]", "[a-e]", StringComparison.Ordinal)), StringComparison.Ordinal);

    [Theory]
    [InlineData("location / {", "if ($arg_a = $arg_b) { return 403; } location / {", "compares with a variable")]
    [InlineData("location / {", "location /x { index /dtables/x/; } location / {", "may send a request on elsewhere")]
    [InlineData("map $request_uri $dtable_upstream {", "map $uri $args { default x; } map $request_uri $dtable_upstream {", "makes $args, which nginx has of its own")]
    [InlineData("http://$dtable_upstream;", "http://dtable_server_a_z:5000;", "an upstream with a port")]
    [InlineData("server_name _;", "server_name '~^(?<dtable_upstream>.+)$';", "sets $dtable_upstream by a group's name")]
    [InlineData("location / {", "location ~ '^/(?P<dtable_upstream>x)' { return 403; } location / {", "sets $dtable_upstream by a group's name")]
    public void Read_WhatNginxReadsOtherwise_IsRefused(string what, string instead, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Nginx(what, instead)), StringComparison.Ordinal);

    // nginx uses the other one.
    [Fact]
    public void Read_AServerThatIsDown_IsLeftOut()
    {
        var imported = Imports.Of(Imports.Nginx("server dtable-server:5000;", "server old:5000 down; server dtable-server:5000 weight=2 max_fails=3;"));

        Assert.Equal(One, imported.Split.ServerOf("ff84e1a1-0000-4000-8000-000000000000"));
        Assert.Contains(imported.Remarks, r => r.Contains("'server old:5000 down' is left out: it is down", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("location / {", "if ($request_method = OPTIONS) { return 204; } location / {")]
    [InlineData("location / {", "location = /ping/ { return 200 pong; } location / {")]
    [InlineData("location / {", "location /dtable-server/ { proxy_pass http://$dtable_upstream; } location / {")]
    [InlineData("location / {", "location ^~ /socket.io/ { proxy_pass http://$dtable_upstream; } location / {")]
    [InlineData("location / {", "location /api/ { proxy_pass http://$dtable_upstream$request_uri; } location / {")]
    [InlineData("location / {", "error_page 502 /50x.html; location = /50x.html { root /usr/share/nginx/html; } location / {")]
    [InlineData("access_log off;", "map $http_upgrade $connection { default upgrade; '' close; } include mime.types;")]
    [InlineData("access_log off;", "access_log off; server { listen 80; return 301 https://$host$request_uri; }")]
    [InlineData("map $request_uri $dtable_upstream {", "map $request_uri $name { ~. $dtable_upstream; } map $request_uri $dtable_upstream {")]
    [InlineData("\"~*ff84e1a1-66e2\"", "~*ff84e1a1\\-66e2")]
    [InlineData("\"~*([0-9])([0-9a-f]{7}-[0-9a-f]{4})\"", "'~*(\\\\d)([0-9a-f]{7}-[0-9a-f]{4})'")]
    public void Read_WhatDecidesNothingElse_IsTheSameSplit(string what, string instead)
    {
        var (changed, manual) = (Imports.Of(Imports.Nginx(what, instead)), Imports.Of(Manuals.Nginx));

        Assert.Equal(manual.Split.Owners.AsEnumerable(), changed.Split.Owners);
        Assert.Equal(manual.Split.Pins.AsEnumerable(), changed.Split.Pins);
    }

    // What the patterns look like makes no difference: every UUID is tried.
    [Fact]
    public void Read_PatternsForSingleBases_BecomePins()
    {
        var imported = Imports.Of(Imports.Nginx("\"~*ff84e1a1-66e2\"", "~f[f]84e1a[0-3]-"));

        Assert.Equal(["ff84e1a0", "ff84e1a1", "ff84e1a2", "ff84e1a3"], imported.Split.Pins.Select(p => p.Prefix.ToString()));
    }

    [Theory]
    [InlineData("~(dtables/|_uuid=|v1/(internal/)?)000 dtable_server_a_z;", "bases of bucket 00 go to several servers: those that begin with 000 to http://dtable-server:5000, others to http://dtable-server-2:5000")]
    [InlineData("~*00000000-....-....-....-...........[0-7] dtable_server_a_z;", "more than 1000 groups of bases are elsewhere than their bucket")]
    [InlineData("~( dtable_server_a_z;", "line 9: '~( dtable_server_a_z' has a pattern that cannot be read: a '(' that is not closed")]
    [InlineData("~(.)\\1 dtable_server_a_z;", "'\\1' is not understood")]
    [InlineData("~(00) dtable_server_$1;", "goes by $1, and no map of this file makes it")]
    [InlineData("'~0.{11}a' dtable_server_0_9; '~1.{11}a' dtable_server_0_9; '~2.{11}a' dtable_server_0_9;", "too intricate to be proven: more than 100000 cases")]
    [InlineData("'~0.{15}x' dtable_server_0_9;", "one of its patterns is too intricate to be proven: it needs more than 20000 states")]
    [InlineData("~(00) nowhere;", "leads to 'nowhere', which is no upstream of this file")]
    public void Read_WhatAPlacementCannotStandFor_IsRefusedWithAnExample(string entry, string expected) =>
        Assert.Contains(expected, Imports.Refusal(Imports.Nginx("default dtable_server_a_z;", "default dtable_server_a_z;\n" + entry)), StringComparison.Ordinal);

    [Fact]
    public void Read_AMapThatGoesByAMap_IsFollowed()
    {
        var imported = Imports.Of("""
            upstream one { server 10.0.0.1:5000; }
            map $request_uri $side { ~dtable(s/|_uuid=)[0-7] left; ~/v1/(internal/)?[0-7] left; default right; }
            map $side $target { left one; right 10.0.0.2:5001; }
            server { listen 127.0.0.1:5001; location / { proxy_pass http://$target$request_uri; } }
            """);

        Assert.Equal([.. Enumerable.Repeat("http://10.0.0.1:5000", 128), .. Enumerable.Repeat("http://10.0.0.2:5001", 128)], imported.Split.Owners.AsEnumerable());
        Assert.Equal("127.0.0.1:5001", imported.Settings.Listen);
    }

    // As many as there may be pins.
    [Fact]
    public void Read_AThousandBasesByName_AreAThousandPins()
    {
        var entries = string.Concat(Enumerable.Range(0, 1000).Select(i => $"~*[/=]{(i * 2_654_435_761 & 0x3fffffff) | 0x80000000:x8}- dtable_server_0_9;\n"));
        var text = Imports.Nginx("\"~*ff84e1a1-66e2\" dtable_server_0_9;", entries).Replace("[0-9])([0", "[0-7])([0", StringComparison.Ordinal).Replace("[a-zA-Z]", "[89a-fA-F]", StringComparison.Ordinal);

        Assert.Equal(1000, Imports.Of(text).Split.Pins.Length);
    }

    [Theory]
    [InlineData("a; http {", "line 1: 'http' is not closed")]
    [InlineData("http { } }", "line 1: a '}' that closes nothing")]
    [InlineData("listen 80;\nlisten 81;\nlisten 82", "line 3: 'listen' does not end in ';'")]
    [InlineData("a 'b;", "line 1: a ' that is not closed")]
    [InlineData("a 'b'c;", "line 1: a 'c' right behind a '")]
    [InlineData("http { server { listen 80; } }", "no server passes requests on")]
    [InlineData("stream { server { listen 80; } }\nserver { location / { proxy_pass http://a:1; } }", "line 1: 'stream' is not known here")]
    public void Read_WhatIsNone_IsRefusedWithTheLine(string text, string expected) =>
        Assert.Contains(expected, Imports.Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void Read_MapsThatGoByEachOther_EndInAMessage() => Assert.Contains("goes by maps that go by maps without end", Imports.Refusal("""
        map $a $b { default x; }
        map $b $a { default y; }
        server { location / { proxy_pass http://$a; } }
        """), StringComparison.Ordinal);

    // As in a shell: an editor's leavings are not read.
    [Theory]
    [InlineData("*.map", true)]
    [InlineData(".*.map", false)]
    public void Read_AStarInAnInclude_StandsForNoDotInFront(string pattern, bool isTaken)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.Combine("one.map"), "");
        File.WriteAllText(folder.Combine(".one.map"), "~x nowhere;");
        var text = Imports.Nginx("default dtable_server_a_z;", $"default dtable_server_a_z; include {pattern};");

        Assert.Equal(isTaken, Record.Exception(() => SplitImport.Read(text, folder.Path)) is null);
    }

    [Fact]
    public void Read_AFileThatIncludesItself_EndsInAMessage()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.Combine("a.conf"), "include a.conf;");
        Assert.Contains("more than 64 blocks in each other", Assert.Throws<ImportException>(() => SplitImport.Read("include a.conf; x;", folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DirectivesWithoutEnd_EndInAMessage() =>
        Assert.Contains("more than 100000 directives", Imports.Refusal(string.Concat(Enumerable.Repeat("gzip on;", 100_001))), StringComparison.Ordinal);

    [Fact]
    public void Read_BracesWithoutEnd_EndInAMessage() =>
        Assert.Contains("more than 64 blocks in each other", Imports.Refusal(string.Concat(Enumerable.Repeat("a; b {", 10_000))), StringComparison.Ordinal);
}
