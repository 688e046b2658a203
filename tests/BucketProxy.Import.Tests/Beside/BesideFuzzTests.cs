using System.Globalization;
using System.Text.RegularExpressions;
using BucketProxy.EtcdTesting;
using BucketProxy.Import.Caddy;
using BucketProxy.Import.Nginx;
using BucketProxy.Import.Splits;
using BucketProxy.Import.Tests.Support;
using BucketProxy.Testing;
using Xunit.Abstractions;

namespace BucketProxy.Import.Tests.Beside;

/// <summary>What is read out of random configurations, and what is taken over, beside the real nginx and the real Caddy with the same file.</summary>
/// <remarks>
/// Two claims are held against the real one. Whatever file can be read at all, each request's server, path or answer is what was read, also where
/// the file as a whole is refused, since it splits a base. And where it is taken over, each base's server is the one of its bucket or pin.
/// </remarks>
[Trait("Kind", "Fuzz")]
public sealed class BesideFuzzTests(ITestOutputHelper output) : IAsyncDisposable
{
    // Of each kind of request.
    private const int Uuids = 6;

    private readonly TestServers _servers = new();
    private int _files;
    private int _valid;
    private int _read;
    private int _taken;
    private int _asked;

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    [Fact]
    public Task Nginx_AnyFile_DoesWhatTheImportSays() => RunAsync(60, NginxGrammar.Write, (text, folder) => NginxReader.Read(text, folder), RealProxy.StartNginxAsync);

    [Fact]
    public Task Caddy_AnyFile_DoesWhatTheImportSays() => RunAsync(30, CaddyGrammar.Write, CaddyReader.Read, RealProxy.StartCaddyAsync);

    private async Task RunAsync(
        int cases,
        Func<Random, int, IReadOnlyList<string>, GeneratedProxy> write,
        Func<string, string, ReadConfiguration> read,
        Func<string, int, IReadOnlyDictionary<string, string>, Task<RealProxy?>> startAsync)
    {
        await Fuzzing.RunAsync(cases, async random =>
        {
            var port = FreePort.Next();
            var file = write(random, port, _servers.Addresses);
            _files++;
            await using var proxy = await startAsync(file.Text, port, file.Files);
            if (proxy is null)
                return;
            _valid++;
            await CompareAsync(file, random, proxy, read);
        });
        output.WriteLine($"{_files} files, {_valid} of them valid, {_read} of these read, {_taken} taken over, {_asked} requests compared");
        if (!Seeded.IsGiven)
            Assert.True(_valid * 2 > _files && _read * 3 > _valid && _taken * 10 > _valid, $"of {_files} files {_valid} were valid, {_read} could be read and {_taken} were taken over: this says little");
    }

    private async Task CompareAsync(GeneratedProxy file, Random random, RealProxy proxy, Func<string, string, ReadConfiguration> read)
    {
        ReadConfiguration configuration;
        ProvenSplit? split = null;
        try
        {
            configuration = read(file.Text, proxy.Folder);
            _read++;
        }
        catch (ImportException)
        {
            return;
        }
        try
        {
            split = SplitProof.Of(configuration.Decision);
            _taken++;
        }
        catch (ImportException)
        {
        }
        var shapes = RequestShape.Usual.Select(s => (Shape: s, IsUsual: true)).Concat(RequestShape.Unusual.Select(s => (s.Shape, IsUsual: false)));
        var requests = shapes.SelectMany(s => Enumerable.Range(0, Uuids).Select(_ => (s.Shape, s.IsUsual, Digits: Uuid(random, file.Prefixes)))).ToArray();
        foreach (var together in requests.Chunk(16))
        {
            // Judged one after the other: an automaton makes its states as it is asked, for one at a time.
            var answers = await Task.WhenAll(together.Select(r => proxy.RequestAsync(r.Shape.For(r.Digits))));
            foreach (var ((shape, isUsual, digits), real) in together.Zip(answers))
                Compare(file, configuration, isUsual ? split : null, real, shape, digits);
        }
    }

    private void Compare(GeneratedProxy file, ReadConfiguration configuration, ProvenSplit? split, (int Status, string Body, string? Seen) real, RequestShape shape, int[] digits)
    {
        _asked++;
        var outcome = Judged.Of(configuration.Decision, shape, digits);
        var isSo = outcome switch
        {
            Outcome.Server server => real.Seen is { } seen && real.Body == _servers.NameOf(server.Url) && Uri.UnescapeDataString(seen) == Judged.Sent(server, shape, digits),
            Outcome.Elsewhere elsewhere => real.Seen is { } seen && real.Body == _servers.NameOf(elsewhere.Url) && Uri.UnescapeDataString(seen) == elsewhere.Path,
            Outcome.Answer answer => real.Seen is null && (!int.TryParse(answer.What, CultureInfo.InvariantCulture, out var code) || code == real.Status),
            _ => false,
        };
        Assert.True(isSo, $"{shape.For(digits)} got {real}; read as {outcome}, in\n{file}");
        if (split is null)
            return;
        // Where it passes the request on as it came, the base's server gets it; what else becomes of it is said.
        var expected = _servers.NameOf(split.ServerOf(UuidForm.Usual.Write(digits)));
        var isPassedOn = real.Seen is { } came && Uri.UnescapeDataString(came) == Uri.UnescapeDataString(shape.For(digits));
        Assert.True(
            isPassedOn ? real.Body == expected : IsSaid(shape, split),
            $"{shape.For(digits)} got {real}; taken over as {expected}, with the remarks {string.Join(' ', split.Remarks)}, in\n{file}");
    }

    /// <summary>A remark says of such a request that the other proxy answers it by itself.</summary>
    private static bool IsSaid(RequestShape shape, ProvenSplit split)
    {
        var example = new Regex("^" + Regex.Escape(shape.Target).Replace("\\*", "[0-9a-f-]{36}", StringComparison.Ordinal) + " gets ", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(20));
        return split.Remarks.Any(example.IsMatch);
    }

    private static int[] Uuid(Random random, IReadOnlyList<string> prefixes)
    {
        var hex = random.GetHexString(32, lowercase: true);
        if (prefixes.Count > 0 && random.Next(3) == 0)
        {
            var prefix = prefixes[random.Next(prefixes.Count)];
            // All of it, or all but its end.
            var length = Math.Max(0, prefix.Length - (random.Next(3) == 0 ? random.Next(1, 3) : 0));
            hex = prefix[..length] + hex[length..];
        }
        return [.. hex.Select(c => Convert.ToInt32(c.ToString(), 16))];
    }
}
