using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Kv;

namespace BucketProxy.Etcd.Tests.Real;

public sealed class KvTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    private readonly EtcdClient _client = etcd.Client;
    private readonly string _prefix = etcd.NewPrefix();

    [Fact]
    public async Task Put_ThenRange_GivesBackEveryByte()
    {
        byte[] value = [0, 0xff, 0x80, (byte)'x'];
        var put = await _client.PutAsync(_prefix + "ä", value);

        var read = await _client.RangeAsync(KeyRange.Key(_prefix + "ä"));

        var kv = Assert.Single(read.KeyValues);
        Assert.Equal<EtcdBytes>(value, kv.Value);
        Assert.Equal(put.Header.Revision, kv.ModRevision);
        Assert.Equal(put.Header.Revision, kv.CreateRevision);
        Assert.Equal(1, kv.Version);
        Assert.Equal(put.Header.ClusterId, read.Header.ClusterId);
        Assert.NotEqual(0UL, read.Header.ClusterId);
    }

    [Fact]
    public async Task Range_Prefix_GivesItsKeysInOrder()
    {
        foreach (var key in (string[])["b", "a", "c"])
            await _client.PutAsync(_prefix + key, key);
        await _client.PutAsync(_prefix[..^1] + "0", "behind the prefix");

        var all = await _client.RangeAsync(KeyRange.Prefix(_prefix));
        var two = await _client.RangeAsync(KeyRange.Prefix(_prefix), new() { Limit = 2, KeysOnly = true });
        var count = await _client.RangeAsync(KeyRange.Prefix(_prefix), new() { CountOnly = true });

        Assert.Equal(["a", "b", "c"], all.KeyValues.Select(kv => kv.Value.ToString()));
        Assert.False(all.More);
        Assert.Equal(2, two.KeyValues.Length);
        Assert.True(two.More);
        Assert.All(two.KeyValues, kv => Assert.True(kv.Value.IsEmpty));
        Assert.Equal(3, count.Count);
        Assert.Empty(count.KeyValues);
    }

    [Fact]
    public async Task Range_AtRevision_GivesWhatStoodThen()
    {
        var first = await _client.PutAsync(_prefix + "k", "1");
        await _client.PutAsync(_prefix + "k", "2");

        var then = await _client.RangeAsync(KeyRange.Key(_prefix + "k"), new() { Revision = first.Header.Revision });
        var now = await _client.RangeAsync(KeyRange.Key(_prefix + "k"), new() { Serializable = true });

        Assert.Equal("1", then.KeyValues[0].Value.ToString());
        Assert.Equal("2", now.KeyValues[0].Value.ToString());
    }

    [Fact]
    public async Task Range_CompactedRevision_IsTyped()
    {
        var first = await _client.PutAsync(_prefix + "k", "1");
        var second = await _client.PutAsync(_prefix + "k", "2");
        await _client.CompactAsync(second.Header.Revision);

        await Assert.ThrowsAsync<EtcdCompactedException>(() =>
            _client.RangeAsync(KeyRange.Key(_prefix + "k"), new() { Revision = first.Header.Revision }));
        await Assert.ThrowsAsync<EtcdCompactedException>(() => _client.CompactAsync(first.Header.Revision));
    }

    [Fact]
    public async Task Delete_Range_DeletesAndCounts()
    {
        await _client.PutAsync(_prefix + "a", "1");
        await _client.PutAsync(_prefix + "b", "1");

        Assert.Equal(2, (await _client.DeleteAsync(KeyRange.Prefix(_prefix))).Deleted);
        Assert.Empty((await _client.RangeAsync(KeyRange.Prefix(_prefix))).KeyValues);
    }

    public static TheoryData<string, bool> Comparisons => new()
    {
        { "value =", true }, { "value !=", false }, { "value of none", false },
        { "version 2", true }, { "version <2", false }, { "version >1", true },
        { "create =", true }, { "create other", false },
        { "mod =", true }, { "mod old", false }, { "mod >", true },
        { "exists", true }, { "missing", false }, { "other missing", true },
        { "lease 0", true }, { "lease 1", false },
    };

    [Theory]
    [MemberData(nameof(Comparisons))]
    public async Task Txn_Comparison_DecidesTheBranch(string which, bool holds)
    {
        EtcdBytes key = _prefix + "k", none = _prefix + "none";
        var created = (await _client.PutAsync(key, "old")).Header.Revision;
        var modified = (await _client.PutAsync(key, "new")).Header.Revision;
        var comparison = which switch
        {
            "value =" => Comparison.Value(key, Relation.Equal, "new"),
            "value !=" => Comparison.Value(key, Relation.NotEqual, "new"),
            "value of none" => Comparison.Value(none, Relation.NotEqual, "new"),
            "version 2" => Comparison.Version(key, Relation.Equal, 2),
            "version <2" => Comparison.Version(key, Relation.Less, 2),
            "version >1" => Comparison.Version(key, Relation.Greater, 1),
            "create =" => Comparison.CreateRevision(key, Relation.Equal, created),
            "create other" => Comparison.CreateRevision(key, Relation.Equal, modified),
            "mod =" => Comparison.ModRevision(key, Relation.Equal, modified),
            "mod old" => Comparison.ModRevision(key, Relation.Equal, created),
            "mod >" => Comparison.ModRevision(key, Relation.Greater, created),
            "exists" => Comparison.Exists(key),
            "missing" => Comparison.Missing(key),
            "other missing" => Comparison.Missing(none),
            "lease 0" => Comparison.Lease(key, Relation.Equal, 0),
            "lease 1" => Comparison.Lease(key, Relation.Equal, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(which)),
        };

        var result = await _client.TxnAsync(new()
        {
            When = [comparison, Comparison.Exists(key)],
            Then = [Operation.Put(_prefix + "branch", "then")],
            Else = [Operation.Put(_prefix + "branch", "else")],
        });

        Assert.Equal(holds, result.Succeeded);
        var branch = await _client.RangeAsync(KeyRange.Key(_prefix + "branch"));
        Assert.Equal(holds ? "then" : "else", branch.KeyValues[0].Value.ToString());
    }

    [Fact]
    public async Task Txn_SeveralOperations_GivesOneResultEach()
    {
        await _client.PutAsync(_prefix + "gone", "x");

        var result = await _client.TxnAsync(new()
        {
            Then =
            [
                Operation.Put(_prefix + "a", "1"),
                Operation.Delete(KeyRange.Key(_prefix + "gone")),
                Operation.Range(KeyRange.Prefix(_prefix)),
            ],
        });

        Assert.Equal(3, result.Results.Length);
        Assert.Equal(1, result.Results[1].Deleted);
        var kv = Assert.Single(result.Results[2].Range!.KeyValues);
        Assert.Equal(_prefix + "a", kv.Key.ToString());
        Assert.Equal(result.Header.Revision, kv.ModRevision);
    }

    [Fact]
    public async Task Txn_TooManyOperations_IsRefusedAndChangesNothing()
    {
        var error = await Assert.ThrowsAsync<EtcdException>(() => _client.TxnAsync(new()
        {
            Then = [.. Enumerable.Range(0, 129).Select(i => Operation.Put($"{_prefix}{i}", "x"))],
        }));

        Assert.Equal(EtcdStatusCode.InvalidArgument, error.Status);
        Assert.False(error.OutcomeUnknown);
        Assert.Empty((await _client.RangeAsync(KeyRange.Prefix(_prefix))).KeyValues);
    }

    [Fact]
    public async Task Range_LargeAnswer_ArrivesWhole()
    {
        var value = new byte[1_000_000];
        new Random(1).NextBytes(value);
        for (var i = 0; i < 8; i++)
            await _client.PutAsync($"{_prefix}{i}", value);

        var read = await _client.RangeAsync(KeyRange.Prefix(_prefix));

        Assert.Equal(8, read.KeyValues.Length);
        Assert.All(read.KeyValues, kv => Assert.Equal<EtcdBytes>(value, kv.Value));
    }

    [Fact]
    public async Task Calls_ManyAtOnce_AllSucceedOnOneConnection()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _client.PutAsync($"{_prefix}{i}", "x")));

        Assert.Equal(200, (await _client.RangeAsync(KeyRange.Prefix(_prefix), new() { CountOnly = true })).Count);
    }
}
