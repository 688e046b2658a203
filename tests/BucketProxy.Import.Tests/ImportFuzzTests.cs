using System.Globalization;
using System.Text;
using BucketProxy.Import.Splits;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests;

/// <summary>Whatever a file holds, it is taken over or refused with a message. <c>FUZZ_SECONDS=600</c> goes on for ten minutes.</summary>
public sealed class ImportFuzzTests
{
    private static readonly string[] Pieces =
    [
        "{", "}", ";", "\n", "#", "\"", "'", "`", "\\", "$", "${", "*", "~*", "^~", "=", "(", ")", "[", "]", "|", "?", "{7}", "{1000}", "(?i)", "\\b", "[^", "include x;", "import x\n", "@a", "@a path /x*\n", "route {\n", "handle {\n",
        "location / {", "proxy_pass http://$dtable_upstream;", "if ($uri ~ x) {", "return 404;", "respond 404\n", "map $uri $x {", "default a;", "server {", "upstream a {", "\0", "\uFEFF", "ü", "0", "ff84e1a1", "dtable-server:5000", "{http.request.orig_uri}", ".matches('", "&&", "!", "://", "/",
    ];

    [Theory]
    [InlineData(Manuals.Nginx)]
    [InlineData(Manuals.Caddy)]
    public async Task Read_AnyFile_EndsInASplitOrAMessage(string manual)
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        var begun = TimeProvider.System.GetTimestamp();
        do
        {
            await Seeded.RunAsync(60, random =>
            {
                var text = Mutate(manual, random);
                try
                {
                    var imported = SplitImport.Read(text, "/nowhere");
                    Assert.Equal(256, imported.Split.Owners.Length);
                }
                catch (ImportException e)
                {
                    Assert.False(string.IsNullOrWhiteSpace(e.Message));
                }
                return Task.CompletedTask;
            });
        }
        while (TimeProvider.System.GetElapsedTime(begun).TotalSeconds < seconds);
    }

    private static string Mutate(string text, Random random)
    {
        var mutated = new StringBuilder(text);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(mutated.Length);
            switch (random.Next(4))
            {
                case 0:
                    mutated.Remove(at, Math.Min(random.Next(1, 40), mutated.Length - at));
                    break;
                case 1:
                    var from = random.Next(text.Length);
                    mutated.Insert(at, text.AsSpan(from, Math.Min(random.Next(60), text.Length - from)));
                    break;
                default:
                    mutated.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
            }
            if (mutated.Length == 0)
                mutated.Append(' ');
        }
        return mutated.ToString();
    }
}
