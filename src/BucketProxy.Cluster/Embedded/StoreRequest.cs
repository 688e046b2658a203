using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>One call on its way through the writer of an <see cref="EmbeddedStore"/>.</summary>
internal abstract class StoreRequest
{
    /// <summary>Runs it on the model and keeps the outcome back. Returns whether it asked for a change.</summary>
    public abstract void Execute(StoreModel model);

    /// <summary>Gives the outcome to the caller.</summary>
    public abstract void Complete();

    /// <summary>Gives an error to the caller instead.</summary>
    public abstract void Fail(Exception error);
}

/// <inheritdoc/>
internal sealed class StoreRequest<T>(Func<StoreModel, T> run) : StoreRequest
{
    // Callers' code must never run on the writer's thread.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _outcome;
    private StoreException? _refused;

    public Task<T> Task => _done.Task;

    public override void Execute(StoreModel model)
    {
        (_outcome, _refused) = (default, null);
        try
        {
            _outcome = run(model);
        }
        catch (StoreException e)
        {
            _refused = e;
        }
    }

    public override void Complete()
    {
        if (_refused is not null)
            _done.TrySetException(_refused);
        else
            _done.TrySetResult(_outcome!);
    }

    public override void Fail(Exception error) => _done.TrySetException(error);
}
