using System.Collections.Concurrent;
using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Admission;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>A gate made of raw sockets: refuses so often, then takes the request as a gate does.</summary>
internal sealed class FakeGate : IAsyncDisposable
{
    private int _refusals;

    /// <param name="refusals">So many requests are answered 421 first.</param>
    /// <param name="revision">The table's revision that it tells of.</param>
    public FakeGate(int refusals = 0, long revision = 1)
    {
        _refusals = refusals;
        Node = new FakeNode(async (request, wire) =>
        {
            var expects = request.Header("Expect") is not null;
            if (Interlocked.Decrement(ref _refusals) >= 0)
            {
                if (!expects)
                    await request.ReadBodyAsync(wire);
                await wire.SendAsync(Refusal(revision));
                if (expects)
                    throw new EndOfStreamException();
                return;
            }
            if (expects)
                await wire.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            Bodies.Enqueue(await request.ReadBodyAsync(wire));
            await wire.SendAsync(RawServer.Ok);
        });
    }

    public FakeNode Node { get; }

    /// <summary>The bodies that it took.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    public NodeRecord Record => RecordOf(Node.Id, Node.Port);

    public static string Refusal(long revision, ulong store = Tables.StoreId) =>
        $"HTTP/1.1 421 Misdirected Request\r\n{Mark(revision, store)}Content-Length: 0\r\n\r\n";

    /// <summary>The mark's header line.</summary>
    public static string Mark(long revision, ulong store = Tables.StoreId) => $"{TableMark.HeaderName}: {new TableMark(store, revision)}\r\n";

    public static NodeRecord RecordOf(string id, int port) => new()
    {
        Id = id,
        LocalUrl = new Uri($"http://127.0.0.1:{port}"),
        LocalUrlText = $"http://127.0.0.1:{port}",
        Gate = GateKind.Supervised,
    };

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
