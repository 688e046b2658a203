using BucketProxy.Cluster.Store;
using BucketProxy.Etcd.Kv;
using EtcdComparison = BucketProxy.Etcd.Kv.Comparison;

namespace BucketProxy.Cluster.Etcd;

/// <summary>Says a transaction in etcd's words.</summary>
internal static class Requests
{
    public static Transaction From(StoreTransaction transaction) => new()
    {
        When = [.. transaction.Comparisons.Select(From)],
        Then = [.. transaction.Success.Select(From)],
        Else = [.. transaction.Failure.Select(From)],
    };

    private static EtcdComparison From(BucketProxy.Cluster.Store.Comparison comparison)
    {
        var relation = comparison.Operator switch
        {
            CompareOperator.Equal => Relation.Equal,
            CompareOperator.NotEqual => Relation.NotEqual,
            CompareOperator.Greater => Relation.Greater,
            CompareOperator.Less => Relation.Less,
            _ => throw new StoreRejectedException($"there is no operator {comparison.Operator}"),
        };
        return comparison.Target switch
        {
            CompareTarget.Version => EtcdComparison.Version(comparison.Key, relation, comparison.Number),
            CompareTarget.CreateRevision => EtcdComparison.CreateRevision(comparison.Key, relation, comparison.Number),
            CompareTarget.ModRevision => EtcdComparison.ModRevision(comparison.Key, relation, comparison.Number),
            CompareTarget.Value => EtcdComparison.Value(comparison.Key, relation, new(comparison.Value)),
            _ => throw new StoreRejectedException($"there is no target {comparison.Target}"),
        };
    }

    private static Operation From(StoreOperation operation) => operation switch
    {
        PutOperation put => Operation.Put(put.Key, new(put.Value), put.LeaseId),
        DeleteOperation delete => Operation.Delete(KeyRange.Key(delete.Key)),
        ReadPrefixOperation read => Operation.Range(KeyRange.Prefix(read.Prefix)),
        _ => throw new StoreRejectedException($"there is no operation {operation.GetType().Name}"),
    };
}
