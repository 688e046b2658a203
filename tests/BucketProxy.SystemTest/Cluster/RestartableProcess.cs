using System.Text;
using BucketProxy.Testing.Processes;

namespace BucketProxy.SystemTest.Cluster;

internal interface IRestartable
{
    string Name { get; }

    string Output { get; }
}

/// <summary>A program that ends and is started again, in the same place.</summary>
internal abstract class RestartableProcess(string name) : IRestartable, IAsyncDisposable
{
    private readonly StringBuilder _earlier = new();
    private ChildProcess? _process;

    public string Name => name;

    public string Output => _earlier.ToString() + _process?.Output;

    /// <summary>Of the process that runs now.</summary>
    public Task<int> Pid => _process!.Pid;

    public async Task StartAsync()
    {
        var process = Launch();
        _process = process;
        await process.LineAsync(ReadyLine);
    }

    public async Task KillAsync() => await EndAsync(process => process.KillAsync());

    public async Task TerminateAsync() => await EndAsync(process => process.TerminateAsync());

    /// <summary>Sends it a signal, and does not wait for what comes of it.</summary>
    public Task SignalAsync(string signal) => _process!.SignalAsync(signal);

    public Task FreezeAsync() => _process!.FreezeAsync();

    public Task ThawAsync() => _process!.ThawAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }

    /// <summary>Begins the line that says that it has started.</summary>
    protected abstract string ReadyLine { get; }

    protected abstract string[] Arguments();

    /// <summary>Starts it: BucketProxy, unless it is another program.</summary>
    protected virtual ChildProcess Launch() => ChildProcess.StartBucketProxy(name, Arguments());

    private async Task EndAsync(Func<ChildProcess, Task> end)
    {
        if (_process is not { } process)
            return;
        await end(process);
        _process = null;
        _earlier.Append(process.Output);
        await process.DisposeAsync();
    }
}
