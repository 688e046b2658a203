using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using BucketProxy.Gateway.Loops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Gateway.Hosting.Transport;

/// <summary>A client's connection, as the server wants it.</summary>
internal sealed class LoopConnection : ConnectionContext, IDuplexPipe, IHangUp, IThreadPoolWorkItem,
    IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IMemoryPoolFeature, IDetachable
{
    private static long _last;
    private readonly LoopSocket _socket;
    private readonly BlockPool _pool;
    private readonly ILogger _log;
    private readonly LoopReader _reader;
    private readonly LoopWriter _writer;
    private readonly ConnectionFeatures _features;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDuplexPipe _transport;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private int _isClosing;
    private bool _isDetached;

    private LoopConnection(int descriptor, IPEndPoint? peer, BlockPool pool, ILogger log)
    {
        _log = log;
        _pool = pool;
        _socket = new LoopSocket(EventLoop.Next(), descriptor) { HangUp = this };
        _reader = new LoopReader(_socket, pool, this);
        _writer = new LoopWriter(_socket, pool, this);
        _transport = this;
        _features = new ConnectionFeatures(this);
        RemoteEndPoint = peer;
        ConnectionClosed = _closing.Token;
    }

    /// <exception cref="IOException">The machine is out of something.</exception>
    public static LoopConnection Open(int descriptor, IPEndPoint? peer, BlockPool pool, ILogger log)
    {
        LoopSocket.SendAtOnce(descriptor);
        var connection = new LoopConnection(descriptor, peer, pool, log);
        connection._socket.Watch();
        return connection;
    }

    public override IDuplexPipe Transport { get => _transport; set => _transport = value; }

    public override string ConnectionId
    {
        get => _id ??= Interlocked.Increment(ref _last).ToString("x", CultureInfo.InvariantCulture);
        set => _id = value;
    }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override EndPoint? LocalEndPoint { get => field ??= _socket.OwnAddress(); set; }

    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => _pool;

    PipeReader IDuplexPipe.Input => _reader;

    PipeWriter IDuplexPipe.Output => _writer;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        // Whoever waits is told why.
        _reader.Break(abortReason);
        if (!_isDetached)
            _socket.Close(abort: true);
        Over();
    }

    public (LoopSocket Socket, byte[] Begun)? Detach()
    {
        // Something lies between the socket and the server.
        if (!ReferenceEquals(_transport, this))
            return null;
        _isDetached = true;
        _socket.HangUp = null;
        _writer.Detach();
        return (_socket, _reader.Detach());
    }

    /// <summary>Nothing more is read or written: the server and its application are told, on the thread pool.</summary>
    public void Over()
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IHangUp.HungUp() => Over();

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _closing.Cancel();
        }
        catch (AggregateException e)
        {
            // Somebody else's code; unhandled here, it would end the process.
            Log.EndNotTaken(_log, e);
        }
        _closed.SetResult();
    }

    public override async ValueTask DisposeAsync()
    {
        // What was written is sent, as long as the client takes it.
        await _writer.FinishAsync();
        _reader.Complete();
        if (!_isDetached)
            _socket.Close();
        Over();
        await _closed.Task;
        _closing.Dispose();
        await base.DisposeAsync();
    }
}
