using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using BucketProxy.Forwarder.Logging;
using BucketProxy.Forwarder.Loops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace BucketProxy.Forwarder.Transport;

/// <summary>A client's connection, as the server wants it.</summary>
internal sealed class LoopConnection : ConnectionContext, IDuplexPipe, IHangUp, IThreadPoolWorkItem,
    IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IMemoryPoolFeature, IConnectionDetachFeature
{
    private static readonly TaskCompletionSource ToldHere = Ended();
    private static long _last;
    private readonly LoopSocket _socket;
    private readonly ConnectionSettings _settings;
    private readonly LoopReader _reader;
    private readonly LoopWriter _writer;
    private readonly StallWatch _stall;
    private readonly ConnectionFeatures _features;
    private readonly CancellationTokenSource _closing = new();
    private IDuplexPipe _transport;
    private IDictionary<object, object?>? _items;
    private string? _id;
    private TaskCompletionSource? _over;
    private bool _isDetached;

    private LoopConnection(int descriptor, IPEndPoint? peer, ConnectionSettings settings)
    {
        _settings = settings;
        _socket = new LoopSocket(EventLoop.Next(), descriptor) { HangUp = this };
        _stall = new StallWatch(settings, () => Abort(new ConnectionAbortedException("The client takes nothing of its answer.")));
        _reader = new LoopReader(_socket, settings.Pool, this);
        _writer = new LoopWriter(_socket, settings.Pool, _stall, this);
        _transport = this;
        _features = new ConnectionFeatures(this);
        RemoteEndPoint = peer;
        ConnectionClosed = _closing.Token;
    }

    /// <exception cref="IOException">The machine is out of something.</exception>
    public static LoopConnection Open(int descriptor, IPEndPoint? peer, ConnectionSettings settings)
    {
        LoopSocket.SendAtOnce(descriptor);
        // Watched once somebody reads, or asks for its end. The server begins on the thread pool: what is there by then is then received on the loop.
        return new LoopConnection(descriptor, peer, settings);
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

    public override CancellationToken ConnectionClosed
    {
        get
        {
            TryWatch();
            return field;
        }
        set;
    }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override EndPoint? LocalEndPoint { get => field ??= _socket.OwnAddress(); set; }

    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => _settings.Pool;

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

    /// <summary>Nothing lies between the socket and the server, and it is the server's.</summary>
    public bool CanDetach => ReferenceEquals(_transport, this) && !_isDetached;

    public DetachedStream Detach()
    {
        if (!CanDetach)
            throw new InvalidOperationException("The connection cannot be taken: it was before, or something lies between its socket and the server.");
        _isDetached = true;
        TryWatch();
        _socket.HangUp = null;
        _writer.Detach();
        return new DetachedStream(_socket, _reader.Detach());
    }

    /// <summary>Nothing more is read or written: the server and its application are told, on the thread pool.</summary>
    public void Over()
    {
        if (_over is null && Interlocked.CompareExchange(ref _over, new(TaskCreationOptions.RunContinuationsAsynchronously), null) is null)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>From here on its loop tells of it; if that fails, it is over.</summary>
    public void TryWatch()
    {
        try
        {
            _socket.Watch();
        }
        catch (IOException)
        {
            // The machine is out of something. It is closed: whoever waits, reads or writes is told.
            Over();
        }
    }

    void IHangUp.HungUp() => Over();

    void IThreadPoolWorkItem.Execute()
    {
        Tell();
        _over!.SetResult();
    }

    public override async ValueTask DisposeAsync()
    {
        // What was written is sent, as long as the client takes it.
        await _writer.FinishAsync();
        _stall.Dispose();
        _reader.Complete();
        if (!_isDetached)
            _socket.Close();
        // The server is done with it, and hardly anybody is left to be told. That is not worth two changes of threads.
        if (Interlocked.CompareExchange(ref _over, ToldHere, null) is { } over)
            await over.Task;
        else
            Tell();
        _closing.Dispose();
        await base.DisposeAsync();
    }

    private void Tell()
    {
        try
        {
            _closing.Cancel();
        }
        catch (AggregateException e)
        {
            // Somebody else's code; unhandled here, it would end the process.
            Log.EndNotTaken(_settings.Log, e);
        }
    }

    private static TaskCompletionSource Ended()
    {
        var ended = new TaskCompletionSource();
        ended.SetResult();
        return ended;
    }
}
