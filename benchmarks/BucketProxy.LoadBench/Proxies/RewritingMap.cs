using System.Diagnostics;
using BucketProxy.Etcd.Client;
using BucketProxy.Etcd.Kv;
using BucketProxy.LoadBench.Measuring;

namespace BucketProxy.LoadBench.Proxies;

/// <summary>Somebody writes all 256 assignments anew, twenty times a second, with the other of two owners each time.</summary>
internal sealed class RewritingMap(EtcdClient etcd) : IDisturbance
{
    private const int Buckets = 256;

    // As many as etcd takes in one transaction.
    private const int AtOnce = 128;
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(50);
    private readonly Stopwatch _time = new();
    private volatile bool _goesOn;
    private Task<int> _writing = Task.FromResult(0);

    public Task BeginAsync()
    {
        _goesOn = true;
        _time.Restart();
        _writing = WriteAsync();
        return Task.CompletedTask;
    }

    public async Task EndAsync(Sample sample)
    {
        var lasted = _time.Elapsed;
        _goesOn = false;
        sample[Metric.Rewrites] = await _writing / lasted.TotalSeconds;
    }

    private async Task<int> WriteAsync()
    {
        var maps = 0;
        for (; _goesOn; maps++)
        {
            for (var first = 0; first < Buckets; first += AtOnce)
            {
                await etcd.TxnAsync(new Transaction
                {
                    Then = [.. Enumerable.Range(first, AtOnce).Select(b => Operation.Put(EtcdMember.Assignment(b), Trio.NodeId((b + maps) % 2)))],
                });
            }
            var next = (maps + 1) * Each - _time.Elapsed;
            if (next > TimeSpan.Zero)
                await Task.Delay(next, TimeProvider.System);
        }
        return maps;
    }
}
