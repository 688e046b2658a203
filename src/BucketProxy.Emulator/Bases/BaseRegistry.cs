using BucketProxy.Emulator.Journaling;

namespace BucketProxy.Emulator.Bases;

/// <summary>
/// The bases in this node's memory: loaded at first access, saved when they changed, unloaded on a release.
/// Journal entries of one base are written in the order in which things happened to it.
/// </summary>
internal sealed class BaseRegistry(BaseStorage storage, NodeJournal journal, Func<BaseKey, Task> closeSockets, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OpenBase> _open = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_lock)
                return _open.Count;
        }
    }

    public IReadOnlyList<BaseKey> Loaded
    {
        get
        {
            lock (_lock)
                return [.. _open.Values.Select(open => open.Key)];
        }
    }

    /// <summary>Holds the base for a request, loading it first if need be. While it is being unloaded the request waits, and then loads it again.</summary>
    public async Task<BaseLease> EnterAsync(BaseKey key, CancellationToken cancel)
    {
        while (true)
        {
            OpenBase? open;
            Task? closing = null;
            lock (_lock)
            {
                if (!_open.TryGetValue(key.Id, out open))
                    _open.Add(key.Id, open = OpenNeedsLock(key));
                if (open.Closing is { } unload)
                {
                    closing = unload.Task;
                }
                else
                {
                    open.Running++;
                    open.LastUsed = time.GetUtcNow();
                }
            }
            if (closing is not null)
            {
                await closing.WaitAsync(cancel);
                continue;
            }
            try
            {
                return new BaseLease(this, open, await open.Content.WaitAsync(cancel));
            }
            catch
            {
                Leave(open);
                throw;
            }
        }
    }

    public void Leave(OpenBase open)
    {
        lock (_lock)
        {
            open.LastUsed = time.GetUtcNow();
            if (--open.Running == 0)
                open.Drained?.TrySetResult();
        }
    }

    /// <summary>Saves what changed. Answers the number of bases saved.</summary>
    /// <param name="unchanged">Also what did not change: it overwrites what others saved.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<int> SaveAllAsync(bool unchanged, CancellationToken cancel)
    {
        var saved = 0;
        foreach (var open in Snapshot(_ => true))
        {
            // Its first request is still loading it, or failed to: nothing to save.
            if (!open.Content.IsCompletedSuccessfully)
                continue;
            await open.Saving.WaitAsync(cancel);
            try
            {
                if (!open.Gone && await SaveNeedsSavingAsync(open, unchanged, cancel))
                    saved++;
            }
            finally
            {
                open.Saving.Release();
            }
        }
        return saved;
    }

    /// <summary>
    /// Waits for running requests, drops the sockets, saves and forgets every base that fits. When that fails the base stays loaded and goes on being served.
    /// </summary>
    public async Task<int> UnloadAsync(Func<BaseKey, bool> fits, CancellationToken cancel)
    {
        var unloaded = await Task.WhenAll(Snapshot(open => fits(open.Key)).Select(open => UnloadAsync(open, cancel)));
        return unloaded.Count(done => done);
    }

    public Task<int> UnloadIdleAsync(DateTimeOffset since, CancellationToken cancel)
    {
        HashSet<string> idle = [.. Snapshot(open => open.Running == 0 && open.LastUsed < since).Select(open => open.Key.Id)];
        return idle.Count == 0 ? Task.FromResult(0) : UnloadAsync(key => idle.Contains(key.Id), cancel);
    }

    private async Task<bool> UnloadAsync(OpenBase open, CancellationToken cancel)
    {
        var closing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task drained;
        while (true)
        {
            Task other;
            lock (_lock)
            {
                if (open.Gone)
                    return false;
                if (open.Closing is null)
                {
                    open.Closing = closing;
                    open.Drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    if (open.Running == 0)
                        open.Drained.SetResult();
                    drained = open.Drained.Task;
                    break;
                }
                other = open.Closing.Task;
            }
            await other.WaitAsync(cancel);
        }
        try
        {
            await drained.WaitAsync(cancel);
            await closeSockets(open.Key);
            await open.Saving.WaitAsync(cancel);
            try
            {
                // It may still be loading, when the one who asked went away. A failed load has removed its entry.
                await ((Task)open.Content).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!open.Content.IsCompletedSuccessfully)
                    return false;
                await SaveNeedsSavingAsync(open, unchanged: false, cancel);
                Forget(open);
                return true;
            }
            finally
            {
                open.Saving.Release();
            }
        }
        finally
        {
            lock (_lock)
            {
                open.Closing = null;
                open.Drained = null;
            }
            closing.SetResult();
        }
    }

    private OpenBase OpenNeedsLock(BaseKey key)
    {
        // Before the file is read: the checker takes a base for open from here on.
        journal.Write(new JournalEntry { Event = JournalEvent.Load, Base = key.Id });
        OpenBase? open = null;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open = new OpenBase(key) { Content = LoadAsync(), LastUsed = time.GetUtcNow() };
        started.SetResult();
        return open;

        async Task<BaseContent> LoadAsync()
        {
            await started.Task;
            try
            {
                return storage.Load(key);
            }
            catch
            {
                Forget(open!);
                throw;
            }
        }
    }

    private async Task<bool> SaveNeedsSavingAsync(OpenBase open, bool unchanged, CancellationToken cancel)
    {
        var content = await open.Content;
        if ((unchanged ? content.All() : content.Changed()) is not { } changed)
            return false;
        var replace = await storage.PrepareAsync(open.Key, changed.File, cancel);
        journal.WriteAfter(replace, new JournalEntry { Event = JournalEvent.Flush, Base = open.Key.Id, Version = changed.Version });
        content.Saved(changed.Version);
        return true;
    }

    private void Forget(OpenBase open)
    {
        lock (_lock)
        {
            // Inside the lock: a load that follows must not get into the journal before this.
            journal.Write(new JournalEntry { Event = JournalEvent.Unload, Base = open.Key.Id });
            open.Gone = true;
            _open.Remove(open.Key.Id);
        }
    }

    private List<OpenBase> Snapshot(Func<OpenBase, bool> fits)
    {
        lock (_lock)
            return [.. _open.Values.Where(fits)];
    }
}
