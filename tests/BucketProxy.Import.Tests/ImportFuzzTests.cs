using BucketProxy.Import.Splits;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests;

/// <summary>Whatever a file holds, it is taken over or refused with a message.</summary>
[Trait("Kind", "Fuzz")]
public sealed class ImportFuzzTests
{
    private static readonly string[] Words =
    [
        "{", "}", ";", "\n", "#", "\"", "'", "`", "\\", "$", "${", "*", "~*", "^~", "=", "(", ")", "[", "]", "|", "?", "{7}", "{1000}", "(?i)", "\\b", "[^", "include x;", "import x\n", "@a", "@a path /x*\n", "route {\n", "handle {\n",
        "location / {", "proxy_pass http://$dtable_upstream;", "if ($uri ~ x) {", "return 404;", "respond 404\n", "map $uri $x {", "default a;", "server {", "upstream a {", "\0", "\uFEFF", "ü", "0", "ff84e1a1", "dtable-server:5000", "{http.request.orig_uri}", ".matches('", "&&", "!", "://", "/",
    ];

    [Theory]
    [InlineData(Manuals.Nginx)]
    [InlineData(Manuals.Caddy)]
    public Task Read_AnyFile_EndsInASplitOrAMessage(string manual) => Fuzzing.RunAsync(60, random =>
    {
        var text = Mutations.Of(manual, random, Words);
        try
        {
            var imported = SplitImport.Read(text, "/nowhere");
            Assert.Equal(256, imported.Split.Owners.Length);
        }
        catch (ImportException e)
        {
            Assert.False(string.IsNullOrWhiteSpace(e.Message));
        }
    });
}
