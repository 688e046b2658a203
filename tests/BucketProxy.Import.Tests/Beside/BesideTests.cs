using BucketProxy.Import.Splits;
using BucketProxy.Import.Tests.Support;
using BucketProxy.Testing;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>What an import says, beside the real nginx and the real Caddy with the same file.</summary>
public sealed class BesideTests
{
    private const int Uuids = 2000;

    [Fact]
    public Task Nginx_TheManualsFile_SendsEveryBaseWhereTheImportSays() => CompareAsync(Manuals.Nginx, RealProxy.StartNginxAsync);

    [Fact]
    public Task Caddy_TheManualsFile_SendsEveryBaseWhereTheImportSays() => CompareAsync(Manuals.Caddy, RealProxy.StartCaddyAsync);

    private static async Task CompareAsync(string text, Func<string, Task<RealProxy>> startAsync)
    {
        await using var servers = new TestServers();
        var (one, two) = (servers.Addresses[0], servers.Addresses[1]);
        text = text.Replace("dtable-server-2:5000", two, StringComparison.Ordinal).Replace("dtable-server:5000", one, StringComparison.Ordinal);
        var imported = Imports.Of(text);
        await using var proxy = await startAsync(text);

        var random = new Random(20);
        for (var i = 0; i < Uuids; i++)
        {
            // Some under the one base that is forced to the other side.
            var hex = random.GetHexString(32, lowercase: true);
            int[] digits = [.. (i % 20 == 0 ? "ff84e1a166e2" + hex[12..] : hex).Select(c => Convert.ToInt32(c.ToString(), 16))];
            var expected = servers.NameOf(imported.Split.ServerOf(UuidForm.Usual.Write(digits)));
            // Every shape has its turn with every kind of UUID.
            foreach (var shape in RequestShape.Usual.Where((_, s) => (s + i / 20) % 4 == 0 || i < 40))
                Assert.Equal((shape, expected), (shape, await proxy.AskAsync(shape.For(digits))));
        }
        foreach (var (name, shape) in RequestShape.Unusual)
            await CompareRemarkAsync(name, shape, imported, proxy, servers.NameOf);
    }

    /// <summary>A remark's example is what the real one does; without a remark, UUIDs go where the import says.</summary>
    private static async Task CompareRemarkAsync(string name, RequestShape shape, ImportedSplit imported, RealProxy proxy, Func<string, string> nameOf)
    {
        var remark = imported.Remarks.SingleOrDefault(r => r.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
        if (remark is not null)
        {
            var words = remark[(name.Length + 2)..].Split(' ');
            Assert.Equal("gets", words[1]);
            // A server answers whatever the path; that it is another one than from us is seen by the path alone.
            Assert.Equal((remark, nameOf(words[2])), (remark, await proxy.AskAsync(words[0])));
            return;
        }
        var random = new Random(21);
        for (var i = 0; i < 100; i++)
        {
            int[] digits = [.. random.GetHexString(32, lowercase: true).Select(c => Convert.ToInt32(c.ToString(), 16))];
            Assert.Equal((shape, nameOf(imported.Split.ServerOf(UuidForm.Usual.Write(digits)))), (shape, await proxy.AskAsync(shape.For(digits))));
        }
    }
}
