using BucketProxy.Supervision.Native;
using BucketProxy.Supervision.Protocol;

namespace BucketProxy.Supervision.Watching;

/// <summary>The gate's ends of the pipes to a fuse. Orders may come from any thread, and never wait; reports are read by one.</summary>
internal sealed class FuseLink : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Descriptor _orders;
    private readonly Descriptor _reports;
    private readonly LineReader _lines = new();
    private bool _closed;

    private FuseLink(Descriptor orders, Descriptor reports)
    {
        _orders = orders;
        _reports = reports;
    }

    /// <summary>The fuse's process id.</summary>
    public int Fuse { get; private set; }

    /// <summary>To poll for input: <see cref="TryRead"/> has something.</summary>
    public int Number => _reports.Number;

    /// <summary>Starts a fuse that finds <paramref name="first"/> in its pipe already.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static FuseLink Start(IReadOnlyList<string> command, IReadOnlyList<string> environment, Line first)
    {
        var (theirOrders, orders) = Descriptor.Pipe();
        var (reports, theirReports) = Descriptor.Pipe();
        var link = new FuseLink(orders, reports);
        try
        {
            orders.DoNotBlock();
            link.TryOrder(first);
            link.Fuse = AdoptedProcesses.Start(() => Spawner.Start(command, environment, theirOrders, theirReports));
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
        finally
        {
            theirOrders.Dispose();
            theirReports.Dispose();
        }
    }

    /// <summary>Hands an order on. False: the fuse does not read, or is gone.</summary>
    public bool TryOrder(Line order)
    {
        lock (_lock)
            return !_closed && _orders.Write(order.ToBytes());
    }

    /// <summary>What the fuse reported since. False: no more comes.</summary>
    public bool TryRead(out IReadOnlyList<Line> reports)
    {
        Span<byte> bytes = stackalloc byte[512];
        var count = _reports.Read(bytes);
        reports = count > 0 ? _lines.Add(bytes[..count]) : [];
        return count > 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            _orders.Dispose();
        }
        _reports.Dispose();
    }
}
