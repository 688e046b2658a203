using System.Text;

namespace BucketProxy.Cluster.Store;

/// <summary>A compare-transaction.</summary>
public sealed record StoreTransaction
{
    /// <summary>All must hold for <see cref="Success"/> to be applied. Empty: they hold.</summary>
    public IReadOnlyList<Comparison> Comparisons { get; init; } = [];

    /// <summary>Applied when all comparisons hold. No key may be put or deleted twice.</summary>
    public IReadOnlyList<StoreOperation> Success { get; init; } = [];

    /// <summary>Applied when one does not hold.</summary>
    public IReadOnlyList<StoreOperation> Failure { get; init; } = [];
}

/// <summary>What a comparison looks at. A key that is not there has version, create- and mod-revision 0 and no value.</summary>
public enum CompareTarget
{
    /// <summary>Puts since the key came into being; 0: the key is not there.</summary>
    Version,

    /// <summary>Revision at which the key came into being.</summary>
    CreateRevision,

    /// <summary>Revision of the last put.</summary>
    ModRevision,

    /// <summary>The value's bytes. Never holds for a key that is not there.</summary>
    Value,
}

/// <summary>How a comparison compares.</summary>
public enum CompareOperator
{
    /// <summary>Equal.</summary>
    Equal,

    /// <summary>Not equal.</summary>
    NotEqual,

    /// <summary>The key's is greater than the given.</summary>
    Greater,

    /// <summary>The key's is less than the given.</summary>
    Less,
}

/// <summary>One condition on one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Target">What is compared.</param>
/// <param name="Operator">How.</param>
/// <param name="Number">The given number, for all targets but <see cref="CompareTarget.Value"/>.</param>
/// <param name="Value">The given bytes, for <see cref="CompareTarget.Value"/>.</param>
public sealed record Comparison(
    string Key, CompareTarget Target, CompareOperator Operator, long Number, ReadOnlyMemory<byte> Value = default)
{
    /// <summary>The key is there.</summary>
    public static Comparison Exists(string key) => new(key, CompareTarget.Version, CompareOperator.Greater, 0);

    /// <summary>The key is not there.</summary>
    public static Comparison Absent(string key) => new(key, CompareTarget.Version, CompareOperator.Equal, 0);

    /// <summary>The key's last put was at <paramref name="revision"/>; 0: the key is not there.</summary>
    public static Comparison ModifiedAt(string key, long revision) =>
        new(key, CompareTarget.ModRevision, CompareOperator.Equal, revision);

    /// <summary>The key came into being at <paramref name="revision"/>; 0: the key is not there.</summary>
    public static Comparison CreatedAt(string key, long revision) =>
        new(key, CompareTarget.CreateRevision, CompareOperator.Equal, revision);

    /// <summary>The key's value is <paramref name="text"/>.</summary>
    public static Comparison ValueIs(string key, string text) =>
        new(key, CompareTarget.Value, CompareOperator.Equal, 0, Encoding.UTF8.GetBytes(text));
}

/// <summary>What a transaction does to the store.</summary>
public abstract record StoreOperation
{
    private protected StoreOperation() { }

    /// <summary>Puts text.</summary>
    public static StoreOperation PutText(string key, string text, long leaseId = 0) =>
        new PutOperation(key, Encoding.UTF8.GetBytes(text), leaseId);

    /// <summary>Deletes one key; no error when it is not there.</summary>
    public static StoreOperation DeleteKey(string key) => new DeleteOperation(key);

    /// <summary>Reads all keys under a prefix, after the transaction's writes before it.</summary>
    public static StoreOperation ReadPrefix(string prefix) => new ReadPrefixOperation(prefix);
}

/// <summary>Puts a value. <paramref name="LeaseId"/> 0: no lease.</summary>
public sealed record PutOperation(string Key, ReadOnlyMemory<byte> Value, long LeaseId = 0) : StoreOperation;

/// <summary>Deletes a key.</summary>
public sealed record DeleteOperation(string Key) : StoreOperation;

/// <summary>Reads all keys under a prefix.</summary>
public sealed record ReadPrefixOperation(string Prefix) : StoreOperation;

/// <summary>The outcome of a transaction that the store answered.</summary>
/// <param name="ClusterId">Identity of the store.</param>
/// <param name="Succeeded">All comparisons held.</param>
/// <param name="Revision">The store's revision after it: the mod-revision of what it put.</param>
/// <param name="Reads">One list for each <see cref="ReadPrefixOperation"/> of the branch taken, in order.</param>
public sealed record TransactionResult(
    ulong ClusterId, bool Succeeded, long Revision, IReadOnlyList<IReadOnlyList<StoreEntry>> Reads);
