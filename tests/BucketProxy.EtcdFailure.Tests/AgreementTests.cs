using System.Diagnostics;
using BucketProxy.Core.Bases;
using BucketProxy.Etcd;
using BucketProxy.EtcdTesting;
using Xunit.Abstractions;

namespace BucketProxy.EtcdFailure.Tests;

/// <summary>Another client of the same etcd comes to the same owners.</summary>
public sealed class AgreementTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Owners_OfAThousandRandomBases_AreThoseThatPythonsClientReads()
    {
        await using var etcd = await EtcdProcess.StartNewAsync();
        await using var lab = await MirrorLab.StartAsync(EtcdClientOptions.ForEndpoints(etcd.Endpoint), output);
        var random = new Random(20);
        for (var i = 0; i < 100; i++)
            await lab.AssignAsync(random.Next(256), random.Next(1, 4));
        await lab.UntilSameAsync();
        var bases = Enumerable.Range(0, 1000).Select(_ => RandomBase(random)).ToList();

        var owners = await PythonOwnersAsync($"127.0.0.1:{etcd.ClientPort}", bases);

        Assert.Equal(bases.Select(b => $"{b} {lab.Observer.Table!.Find(BaseId.Parse(b)).Owner!.Id}"), owners);
        Assert.Equal(3, owners.Select(o => o.Split(' ')[1]).Distinct().Count());
    }

    private static string RandomBase(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        var text = new Guid(bytes).ToString(random.Next(2) == 0 ? "D" : "N");
        return random.Next(4) == 0 ? text.ToUpperInvariant() : text;
    }

    private static async Task<string[]> PythonOwnersAsync(string endpoint, IEnumerable<string> bases)
    {
        // Debian's own interpreter: another one that comes first in the path does not see Debian's packages.
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "owners.py"), endpoint])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var answer = python.StandardOutput.ReadToEndAsync();
        var error = python.StandardError.ReadToEndAsync();
        foreach (var id in bases)
            await python.StandardInput.WriteLineAsync(id);
        python.StandardInput.Close();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, await error);
        return (await answer).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
