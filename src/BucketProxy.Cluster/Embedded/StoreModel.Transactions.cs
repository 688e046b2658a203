using System.Buffers;
using System.Text;
using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

public sealed partial class StoreModel
{
    /// <summary>Applies a transaction, whole or not at all. It takes one revision if it changes anything, else none.</summary>
    /// <exception cref="StoreRejectedException">Too large, a key twice, a key that is empty or no text, a lease that is not there.</exception>
    public TransactionResult Commit(StoreTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        CheckShape(transaction);
        var succeeded = transaction.Comparisons.All(Holds);
        var branch = succeeded ? transaction.Success : transaction.Failure;
        // Everything that can be refused is refused before the first change.
        foreach (var operation in branch)
        {
            if (operation is PutOperation { LeaseId: not 0 } put && !_leases.ContainsKey(put.LeaseId))
                throw new StoreRejectedException($"Key '{put.Key}' is put with lease {put.LeaseId:x}, which is not there.");
        }
        var revision = Revision + 1;
        List<WatchEvent>? events = null;
        List<IReadOnlyList<StoreEntry>>? reads = null;
        foreach (var operation in branch)
        {
            switch (operation)
            {
                case PutOperation put:
                    var before = Find(put.Key);
                    var after = new StoreEntry(
                        put.Key, put.Value, before?.CreateRevision ?? revision, revision, (before?.Version ?? 0) + 1, put.LeaseId);
                    Take(new WatchEvent(put.Key, revision, after));
                    break;
                case DeleteOperation delete when Find(delete.Key) is not null:
                    Take(new WatchEvent(delete.Key, revision, null));
                    break;
                case ReadPrefixOperation read:
                    var found = new List<StoreEntry>();
                    AddUnder(read.Prefix, found);
                    (reads ??= []).Add(found);
                    break;
            }
        }
        if (events is not null)
        {
            Revision = revision;
            Changed?.Invoke(new StoreChange.Written(revision, events));
        }
        return new TransactionResult(ClusterId, succeeded, Revision, reads ?? []);

        void Take(WatchEvent e)
        {
            Store(e);
            (events ??= []).Add(e);
        }
    }

    private bool Holds(Comparison comparison)
    {
        var entry = Find(comparison.Key);
        if (comparison.Target == CompareTarget.Value)
            return entry is not null && Compares(entry.Value.Span.SequenceCompareTo(comparison.Value.Span), comparison.Operator);
        var number = comparison.Target switch
        {
            CompareTarget.Version => entry?.Version ?? 0,
            CompareTarget.CreateRevision => entry?.CreateRevision ?? 0,
            _ => entry?.ModRevision ?? 0,
        };
        return Compares(number.CompareTo(comparison.Number), comparison.Operator);
    }

    private static bool Compares(int order, CompareOperator wanted) => wanted switch
    {
        CompareOperator.Equal => order == 0,
        CompareOperator.NotEqual => order != 0,
        CompareOperator.Greater => order > 0,
        _ => order < 0,
    };

    // As etcd does, both branches are checked, also the one that is not taken.
    private static void CheckShape(StoreTransaction transaction)
    {
        if (Math.Max(transaction.Comparisons.Count, Math.Max(transaction.Success.Count, transaction.Failure.Count)) > MaxOperations)
            throw new StoreRejectedException($"A transaction has {MaxOperations} comparisons or operations a branch at most.");
        long bytes = 0;
        foreach (var comparison in transaction.Comparisons)
            bytes += CheckKey(comparison.Key) + comparison.Value.Length;
        bytes += CheckBranch(transaction.Success) + CheckBranch(transaction.Failure);
        if (bytes > MaxRequestBytes)
            throw new StoreRejectedException($"A transaction of {bytes} bytes is larger than the {MaxRequestBytes} allowed.");
    }

    private static long CheckBranch(IReadOnlyList<StoreOperation> branch)
    {
        long bytes = 0;
        HashSet<string>? puts = null;
        foreach (var operation in branch)
        {
            if (operation is not PutOperation put)
                continue;
            bytes += CheckKey(put.Key) + put.Value.Length;
            if (!(puts ??= new(StringComparer.Ordinal)).Add(put.Key))
                throw new StoreRejectedException($"Key '{put.Key}' is put twice in one transaction.");
        }
        foreach (var operation in branch)
        {
            if (operation is not DeleteOperation delete)
                continue;
            bytes += CheckKey(delete.Key);
            if (puts?.Contains(delete.Key) == true)
                throw new StoreRejectedException($"Key '{delete.Key}' is both put and deleted in one transaction.");
        }
        return bytes;
    }

    private static int CheckKey(string key)
    {
        if (key.Length == 0)
            throw new StoreRejectedException("A key is empty.");
        // Half a surrogate pair has no bytes of its own: on disk, two such keys would be one.
        for (var rest = key.AsSpan(); rest.ContainsAnyInRange('\uD800', '\uDFFF');)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != OperationStatus.Done)
                throw new StoreRejectedException("A key is no text: it holds half a surrogate pair.");
            rest = rest[length..];
        }
        return key.Length;
    }
}
