using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using BucketProxy.Commands;
using BucketProxy.Tests.Admin;
using BucketProxy.Tests.Commands;

namespace BucketProxy.Tests.Deployment;

/// <summary>The version stands in <c>Directory.Build.props</c>, and everything else takes it from there.</summary>
public sealed partial class VersionTests
{
    private static readonly string Version = XDocument.Load(Repository.File("Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public async Task CommandLine_AskedForIt_SaysItAndNothingElse()
    {
        var run = await CommandRun.Of("--version");

        Assert.Equal((ExitCode.Done, $"{Version}\n", ""), (run.ExitCode, run.Output, run.Error));
    }

    [Theory]
    [InlineData("/api/status", "version")]
    [InlineData("/openapi/v1.json", "info.version")]
    public async Task OperatorsPort_SaysIt(string page, string where)
    {
        await using var site = await AdminSite.StartAsync();

        var said = await site.Client.GetFromJsonAsync<JsonElement>(page);

        Assert.Equal(Version, where.Split('.').Aggregate(said, (at, name) => at.GetProperty(name)).GetString());
    }

    [Fact]
    public void NoOtherFile_SetsIt()
    {
        var projects = new[] { "src", "tests", "benchmarks" }.SelectMany(f => Directory.EnumerateFiles(Repository.File(f), "*.csproj", SearchOption.AllDirectories));
        Assert.DoesNotContain(projects, p => OwnVersion().IsMatch(File.ReadAllText(p)));

        var deployed = Directory.EnumerateFiles(Repository.File("config"), "*", SearchOption.AllDirectories).Append(Repository.File("Dockerfile"));
        Assert.DoesNotContain(deployed, f => OwnVersionOrTag().IsMatch(File.ReadAllText(f)));
    }

    [GeneratedRegex("<(Version|VersionPrefix|VersionSuffix|PackageVersion|AssemblyVersion|FileVersion|InformationalVersion)>")]
    private static partial Regex OwnVersion();

    // As an argument of the build, a label or a tag of our image.
    [GeneratedRegex(@"-p:Version|image\.version|[ /]bucketproxy:\d")]
    private static partial Regex OwnVersionOrTag();
}
