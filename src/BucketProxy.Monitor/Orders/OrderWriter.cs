using System.Text.Json;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.View;
using BucketProxy.Monitor.Auditing;
using Polly;
using Polly.Retry;

namespace BucketProxy.Monitor.Orders;

/// <summary>Writes an order and its audit record in one transaction, on what the key says right now.</summary>
internal sealed class OrderWriter(IClusterStore store, KeySchema keys, IViewSource views, TimeProvider time)
{
    private const int Attempts = 5;
    private static readonly TimeSpan SightLimit = TimeSpan.FromSeconds(2);

    private readonly ResiliencePipeline _again = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            // Orders say how things shall be, so one that may have been written can be written again; the audit record has
            // one id for all attempts.
            ShouldHandle = new PredicateBuilder().Handle<StoreUnavailableException>(),
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    /// <summary>Reads a record, changes it, writes it if nobody else did meanwhile; else once more.</summary>
    public async Task ChangeAsync<T>(
        string key, string what, string? subject, string by, Func<T, T> change, CancellationToken cancellationToken)
        where T : new()
    {
        var audit = NewAudit();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var entry = await ReadAsync(key, cancellationToken);
            var before = entry is null ? new T() : Read<T>(entry);
            var after = RecordJson.Write(change(before));
            var record = Record(what, subject, by) with { Before = entry is null ? null : Element(entry.Text), After = Element(after) };
            if (await CommitAsync(audit, record, [Comparison.ModifiedAt(key, entry?.ModRevision ?? 0)],
                [StoreOperation.PutText(key, after)], cancellationToken))
            {
                return;
            }
        }
        throw new OrderException(OrderError.Refused, "Somebody else changes the same thing all the time. Try again.");
    }

    /// <summary>Writes a record if the key is still as it was seen.</summary>
    public async Task PutAsync<T>(
        string key, long seen, T value, string what, string subject, string by, CancellationToken cancellationToken)
    {
        var text = RecordJson.Write(value);
        var record = Record(what, subject, by) with { After = Element(text) };
        if (!await CommitAsync(NewAudit(), record, [Comparison.ModifiedAt(key, seen)], [StoreOperation.PutText(key, text)], cancellationToken)
            && (await ReadAsync(key, cancellationToken))?.Text != text)
        {
            throw new OrderException(OrderError.Changed, "Another order was given at the same moment.");
        }
    }

    /// <summary>Writes a text, whatever was there.</summary>
    public async Task PutTextAsync(
        string key, string text, string what, string subject, string by, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(key, cancellationToken);
        var record = Record(what, subject, by) with
        {
            Before = before is null ? null : JsonSerializer.SerializeToElement(before.Text),
            After = JsonSerializer.SerializeToElement(text),
        };
        await CommitAsync(NewAudit(), record, [], [StoreOperation.PutText(key, text)], cancellationToken);
    }

    /// <summary>Deletes keys if the comparisons hold.</summary>
    public async Task DeleteAsync(
        IReadOnlyList<string> gone, IReadOnlyList<Comparison> comparisons, string what, string subject, string by,
        CancellationToken cancellationToken)
    {
        var before = await ReadAsync(gone[0], cancellationToken);
        var record = Record(what, subject, by) with
        {
            Before = before is null ? null : JsonSerializer.SerializeToElement(before.Text),
        };
        if (!await CommitAsync(NewAudit(), record, comparisons, [.. gone.Select(StoreOperation.DeleteKey)], cancellationToken))
            throw new OrderException(OrderError.Refused, $"{subject} has changed at this moment. Look again.");
    }

    /// <summary>Writes an audit record alone.</summary>
    public Task NoteAsync(string what, string? subject, string by, CancellationToken cancellationToken) =>
        CommitAsync(NewAudit(), Record(what, subject, by), [], [], cancellationToken);

    /// <summary>Makes an <see cref="OrderException"/> of a store that does not answer, or refuses.</summary>
    public static async Task<T> AwayAsOrderErrorAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (StoreUnavailableException e)
        {
            throw new OrderException(OrderError.StoreAway, e.Message, e);
        }
        catch (StoreRejectedException e)
        {
            throw new OrderException(OrderError.Refused, e.Message, e);
        }
    }

    private Task<bool> CommitAsync(
        string audit, AuditRecord record, IReadOnlyList<Comparison> comparisons, IReadOnlyList<StoreOperation> operations,
        CancellationToken cancellationToken) => AwayAsOrderErrorAsync(async () =>
        {
            var transaction = new StoreTransaction
            {
                Comparisons = comparisons,
                Success = [.. operations, StoreOperation.PutText(keys.Audit(audit), RecordJson.Write(record))],
            };
            var mayBeWritten = false;
            return await _again.ExecuteAsync(async cancel =>
            {
                // What an earlier attempt may have done shows in its audit record.
                if (mayBeWritten && await FindAsync(keys.Audit(audit), cancel) is not null)
                    return true;
                try
                {
                    var result = await store.CommitAsync(transaction, cancel);
                    if (result.Succeeded && operations.Count > 0)
                        await UntilSeenAsync(result.Revision, cancel);
                    return result.Succeeded;
                }
                catch (StoreUnavailableException e) when (e.OutcomeUnknown)
                {
                    mayBeWritten = true;
                    throw;
                }
            }, cancellationToken);
        });

    /// <summary>
    /// Whoever gives one order after the other expects the second to build on the first: a rebalance after an uncordon must know
    /// the node. A mirror that lags keeps nobody waiting for long; the order is taken all the same.
    /// </summary>
    private async Task UntilSeenAsync(long revision, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(SightLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (views.Current is not { } view || view.Revision < revision)
                await views.ChangedSinceAsync(views.Current, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The mirror is behind; what it shows will follow.
        }
    }

    private Task<StoreEntry?> ReadAsync(string key, CancellationToken cancellationToken) =>
        AwayAsOrderErrorAsync(async () => await _again.ExecuteAsync(async cancel => await FindAsync(key, cancel), cancellationToken));

    private async Task<StoreEntry?> FindAsync(string key, CancellationToken cancellationToken) =>
        (await store.ReadAsync([key], ReadConsistency.Linearizable, cancellationToken)).Entries.FirstOrDefault(e => e.Key == key);

    private static T Read<T>(StoreEntry entry)
    {
        try
        {
            return RecordJson.Read<T>(entry.Value.Span);
        }
        catch (JsonException e)
        {
            throw new OrderException(OrderError.Refused, $"{entry.Key} cannot be read: {e.Message} Correct or delete it first.", e);
        }
    }

    private static JsonElement Element(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private AuditRecord Record(string what, string? subject, string by) =>
        new() { At = time.GetUtcNow(), By = by, What = what, Subject = subject };

    private string NewAudit() => AuditRecord.IdAt(time.GetUtcNow(), Guid.NewGuid().ToString("N")[..12]);
}
