namespace BucketProxy.Simulation;

/// <summary>What a message crosses: decides how long it takes.</summary>
internal enum Hop
{
    Local,
    Decide,
    Store,
    Watch,
    Map,
    Ping,
    Node,
    Request,
    Work,

    /// <summary>Between two steps that a gate's pipeline takes one after the other; its thread may be kept waiting there.</summary>
    Admit,

    /// <summary>A process is killed.</summary>
    Kill,

    /// <summary>A child is forked.</summary>
    Launch,

    /// <summary>It comes to answer.</summary>
    Boot,

    /// <summary>It saves and ends.</summary>
    Save,

    /// <summary>What could not be done yet is tried again.</summary>
    Again,

    /// <summary>What waited for a frozen process.</summary>
    Thaw,
}

/// <summary>Decides about everything that chance decides in the world.</summary>
internal interface INetwork
{
    void Send(World world, Message message, Hop hop);

    void Send(World world, Message message, TimeSpan after);

    /// <summary>A call to the store sets out.</summary>
    void Call(World world, Actor from, StoreCall call);

    /// <summary>A run died that had not saved. A save of it may be on its way (G9).</summary>
    void Died(World world, ServerRun run);
}
