using System.Text.Json;

namespace BucketProxy.Structure.Tests.Packages;

/// <summary>What <c>docs/security.md</c> says about packages is what the build resolved.</summary>
public sealed class PackageTableTests
{
    private const string Command = "RENEW=1 dotnet test tests/BucketProxy.Structure.Tests --filter PackageTableTests";

    [Fact]
    public async Task Table_IsWhatTheBillOfMaterialsSays()
    {
        var table = PackageTable.Read();
        var now = table.For(await BillOfMaterials.ReadAsync());

        if (Environment.GetEnvironmentVariable("RENEW") == "1")
            table.Renew(now);
        else
            Assert.True(table.Text == now, $"The packages in docs/security.md are old. Run: {Command}\n{now}");
    }

    [Fact]
    public async Task Bill_HasWhatStandsBesideTheProgram()
    {
        await using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "bucketproxy.deps.json"));
        using var dependencies = await JsonDocument.ParseAsync(file);
        var beside = dependencies.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(l => l.Value.GetProperty("type").GetString() == "package").Select(l => l.Name).Order(StringComparer.Ordinal);

        var bill = (await BillOfMaterials.ReadAsync()).Select(p => $"{p.Name}/{p.Version}").Order(StringComparer.Ordinal);

        Assert.Equal(beside, bill);
    }

    [Fact]
    public void Table_EveryPackage_HasALicenceAndAUse()
    {
        var empty = PackageTable.Read().Text.Split('\n').Where(row => row.Contains("|  |", StringComparison.Ordinal));

        Assert.True(!empty.Any(), $"Say in docs/security.md what these are for, or under which licence they stand:\n{string.Join('\n', empty)}");
    }
}
