using BucketProxy.Core.Nodes;
using BucketProxy.Gateway.Admission;
using BucketProxy.Gateway.Pipeline;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>A gate with its server behind it. Its table is published by hand, as a proxy's.</summary>
internal sealed class GatedNode : IAsyncDisposable
{
    /// <summary>The server's run unless a test says otherwise.</summary>
    public const string Run = "run-1";

    private volatile bool _isLeaseValid = true;
    private volatile bool _doesServerAnswer = true;

    private GatedNode(FakeNode server) => Server = server;

    public FakeNode Server { get; }

    /// <summary>The gate's data port.</summary>
    public GatewayUnderTest Gate { get; private set; } = null!;

    public Tables Tables => Gate.Tables;

    /// <summary>What the gate's own clock says.</summary>
    public bool IsLeaseValid
    {
        get => _isLeaseValid;
        set => _isLeaseValid = value;
    }

    /// <summary>What came of asking the server last.</summary>
    public bool DoesServerAnswer
    {
        get => _doesServerAnswer;
        set => _doesServerAnswer = value;
    }

    /// <summary>The node as its registration shows it to everybody.</summary>
    public NodeRecord Registered => FakeGate.RecordOf(Server.Id, Gate.Port);

    /// <summary>The node as the gate's own table has it.</summary>
    public NodeRecord Own(string run = Run) => Server.Record with { Incarnation = run };

    /// <summary>Starts with every bucket the node's own.</summary>
    public static async Task<GatedNode> StartAsync(
        Func<RawRequest, RawConnection, Task>? script = null,
        string id = "dtable-server-01",
        GatewayOptions? options = null,
        Func<bool>? lease = null,
        GatewayExtensions? extensions = null)
    {
        var node = new GatedNode(new FakeNode(script, id));
        var admission = new GateAdmission
        {
            NodeId = id,
            Server = node.Server.Record.LocalUrl,
            LeaseIsValid = lease ?? (() => node._isLeaseValid),
            ServerAnswers = () => node._doesServerAnswer,
        };
        node.Gate = await GatewayUnderTest.StartAsync(node.Own(), (options ?? SocketIo.AtOnce) with { Gate = admission }, extensions: extensions);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await Gate.DisposeAsync();
        await Server.DisposeAsync();
    }
}
