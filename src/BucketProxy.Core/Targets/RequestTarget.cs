using BucketProxy.Core.Bases;

namespace BucketProxy.Core.Targets;

/// <summary>What <see cref="TargetExtractor"/> read from a request target.</summary>
public readonly record struct RequestTarget
{
    /// <summary>What it asks for.</summary>
    public TargetKind Kind { get; private init; }

    /// <summary>The base; meaningful only when <see cref="Kind"/> is <see cref="TargetKind.Base"/>.</summary>
    public BaseId BaseId { get; private init; }

    /// <summary>
    /// Where the forwarded target begins: scheme, authority and a configured prefix are cut off, everything from here on
    /// goes to the node as it came, byte for byte.
    /// </summary>
    public int ForwardStart { get; private init; }

    /// <summary>The route to answer locally, when <see cref="Kind"/> is <see cref="TargetKind.NoBase"/>.</summary>
    public LocalRoute Route { get; private init; }

    /// <summary>What is wrong, when <see cref="Kind"/> is <see cref="TargetKind.Malformed"/>.</summary>
    public TargetFault Fault { get; private init; }

    /// <summary>True for <c>/socket.io</c>, with or without a base: its bodies may never be answered with 413.</summary>
    public bool IsSocketIo { get; private init; }

    /// <summary>True for a <c>/socket.io</c> request with a <c>sid</c>: it belongs to an Engine.IO session.</summary>
    public bool HasSession { get; private init; }

    /// <summary>One sentence for the client, or an empty text when nothing is wrong.</summary>
    public string FaultMessage => Fault switch
    {
        TargetFault.None => "",
        TargetFault.NotAPath => "The request target is neither a path nor an http URL.",
        TargetFault.InvalidCharacter => "The request target holds a character that is not allowed there.",
        TargetFault.NotAUuid => "The base UUID is malformed: 32 hex digits are expected, plain or dashed as 8-4-4-4-12.",
        TargetFault.SeveralBases => "The request names more than one base.",
        TargetFault.LeavesBase => "The path leads out of the base that it names.",
        TargetFault.AmbiguousPath => "The path is ambiguous: empty, dotted or percent-encoded segments.",
        _ => "The request target is malformed.",
    };

    internal static RequestTarget Of(BaseId id, int forwardStart) =>
        new() { Kind = TargetKind.Base, BaseId = id, ForwardStart = forwardStart };

    internal static RequestTarget OfSocketIo(BaseId id, int forwardStart, bool hasSession) =>
        Of(id, forwardStart) with { IsSocketIo = true, HasSession = hasSession };

    internal static RequestTarget SocketIoWithoutBase(int forwardStart, bool hasSession) =>
        new() { ForwardStart = forwardStart, IsSocketIo = true, HasSession = hasSession };

    internal static RequestTarget Local(LocalRoute route, int forwardStart) =>
        new() { Route = route, ForwardStart = forwardStart };

    internal static RequestTarget Malformed(TargetFault fault, bool isSocketIo = false) =>
        new() { Kind = TargetKind.Malformed, Fault = fault, IsSocketIo = isSocketIo };
}
