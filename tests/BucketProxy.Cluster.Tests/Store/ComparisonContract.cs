using System.Text;
using BucketProxy.Cluster.Store;
using BucketProxy.Testing;

namespace BucketProxy.Cluster.Tests.Store;

/// <summary>Comparisons of transactions, and the branch that they choose.</summary>
public abstract class ComparisonContract(StoreUnderTest opened) : ClusterStoreContract(opened)
{
    [Fact]
    public async Task Commit_ComparisonFails_AppliesFailureOnly()
    {
        await PutAsync("a", "one");
        var result = await Store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Exists(Root + "a"), Comparison.Absent(Root + "a")],
            Success = [Put("s", "x")],
            Failure = [Put("f", "x")],
        }).Within();
        Assert.False(result.Succeeded);
        var snapshot = await Store.ReadAsync([Root]).Within();
        Assert.Equal(["a", "f"], snapshot.Entries.Select(e => e.Key[Root.Length..]));
    }

    [Fact]
    public async Task Commit_ComparisonFailsAndNothingToDo_TakesNoRevision()
    {
        var before = await PutAsync("a", "one");
        var result = await Store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Absent(Root + "a")],
            Success = [Put("a", "two")],
        }).Within();
        Assert.False(result.Succeeded);
        Assert.Equal(before.Revision, result.Revision);
        Assert.Equal("one", (await OneAsync("a")).Text);
    }

    [Theory]
    [InlineData(CompareTarget.Version, 2)]
    [InlineData(CompareTarget.CreateRevision, 0)]
    [InlineData(CompareTarget.ModRevision, 1)]
    public async Task Commit_NumberComparisons_HoldAsSaid(CompareTarget target, int offsetOrValue)
    {
        var first = await PutAsync("a", "one");
        await PutAsync("a", "two");
        var actual = target == CompareTarget.Version ? offsetOrValue : first.Revision + offsetOrValue;
        await HoldsAsync("a", target, actual - 1, [CompareOperator.NotEqual, CompareOperator.Greater]);
        await HoldsAsync("a", target, actual, [CompareOperator.Equal]);
        await HoldsAsync("a", target, actual + 1, [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Theory]
    [InlineData(CompareTarget.Version)]
    [InlineData(CompareTarget.CreateRevision)]
    [InlineData(CompareTarget.ModRevision)]
    public async Task Commit_NumberComparisonsOfNothing_SeeZero(CompareTarget target)
    {
        await HoldsAsync("nothing", target, 0, [CompareOperator.Equal]);
        await HoldsAsync("nothing", target, 1, [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Fact]
    public async Task Commit_ValueComparisons_CompareBytes()
    {
        await PutAsync("a", "m");
        await HoldsAsync("a", "a", [CompareOperator.NotEqual, CompareOperator.Greater]);
        await HoldsAsync("a", "m", [CompareOperator.Equal]);
        await HoldsAsync("a", "z", [CompareOperator.NotEqual, CompareOperator.Less]);
        await HoldsAsync("a", "mm", [CompareOperator.NotEqual, CompareOperator.Less]);
    }

    [Fact]
    public async Task Commit_ValueComparisonsOfNothing_NeverHold()
    {
        await HoldsAsync("nothing", "", []);
        await HoldsAsync("nothing", "x", []);
    }

    [Fact]
    public async Task Commit_FailureBranch_Reads()
    {
        await PutAsync("r/1", "x");
        var result = await Store.CommitAsync(new StoreTransaction
        {
            Comparisons = [Comparison.Absent(Root + "r/1")],
            Failure = [StoreOperation.ReadPrefix(Root + "r/")],
        }).Within();
        Assert.Equal("x", Assert.Single(Assert.Single(result.Reads)).Text);
    }

    [Fact]
    public async Task Commit_ManyAtOnceOnOneKey_OneWinsEachRound()
    {
        var revision = 0L;
        for (var round = 0; round < 5; round++)
        {
            var seen = revision;
            var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Store.CommitAsync(new StoreTransaction
            {
                Comparisons = [Comparison.ModifiedAt(Root + "a", seen)],
                Success = [Put("a", $"{round}/{i}")],
            }))).Within();
            revision = Assert.Single(results, r => r.Succeeded).Revision;
            Assert.Equal(revision, (await OneAsync("a")).ModRevision);
        }
    }

    private Task HoldsAsync(string key, CompareTarget target, long number, CompareOperator[] holding) =>
        HoldsAsync(o => new Comparison(Root + key, target, o, number), holding);

    private Task HoldsAsync(string key, string value, CompareOperator[] holding) =>
        HoldsAsync(o => new Comparison(Root + key, CompareTarget.Value, o, 0, Encoding.UTF8.GetBytes(value)), holding);

    private async Task HoldsAsync(Func<CompareOperator, Comparison> comparison, CompareOperator[] holding)
    {
        foreach (var o in Enum.GetValues<CompareOperator>())
        {
            var result = await Store.CommitAsync(new StoreTransaction { Comparisons = [comparison(o)] }).Within();
            Assert.True(result.Succeeded == holding.Contains(o), $"{comparison(o)} must {(holding.Contains(o) ? "" : "not ")}hold.");
        }
    }
}
