using System.Globalization;
using System.Net;
using BucketProxy.Core.Nodes;
using BucketProxy.Core.Targets;
using BucketProxy.Forwarder.Transport;
using BucketProxy.Gateway.Admission;

namespace BucketProxy.Gateway.Options;

/// <summary>
/// Settings of the data plane. Defaults serve SeaTable's clients as they are; every setting says what raising and lowering it
/// costs.
/// </summary>
public sealed record GatewayOptions
{
    /// <summary>IP address to listen on, or <c>*</c> for every interface (IPv6 and IPv4). Default <c>*</c>.</summary>
    public string Address { get; init; } = "*";

    /// <summary>Data port, 0 to 65535; 0 takes a free one (see <see cref="DataHost.Addresses"/>). Default 5550.</summary>
    public int Port { get; init; } = 5550;

    /// <summary>
    /// PEM file with the certificate to serve TLS with, HTTP/1.1 and HTTP/2 by ALPN, and those between it and its authority. Read again
    /// when it changes. Default: none, the port speaks HTTP/1.1 and HTTP/2 without TLS.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file with the certificate's private key. Default: it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Prefixes that may stand once in front of a path and are stripped. Default <c>/dtable-server</c>, <c>/api-gateway</c>.
    /// </summary>
    public IReadOnlyList<string> PathPrefixes { get; init; } = TargetExtractor.DefaultPrefixes;

    /// <summary>
    /// Longest time that a request waits for an owner, from its arrival. Default 25 s: the shortest client timeout is 30 s.
    /// Higher: clients give up by themselves and an answer goes nowhere. Lower: 503s in moves that take longer.
    /// </summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// Requests held per bucket at most; newest are refused first. Default 256.
    /// Higher: a bigger burst on the new owner after a move. Lower: 503s on busy buckets.
    /// </summary>
    public int HoldPerBucket { get; init; } = 256;

    /// <summary>
    /// Requests held by the whole proxy at most. Default 4096. Each costs its connection, a few KB and up to
    /// <see cref="ReadAheadBytes"/> of its body. Higher: more memory when many owners are away. Lower: earlier 503s.
    /// </summary>
    public int HoldTotal { get; init; } = 4096;

    /// <summary>
    /// Held requests of one bucket that may be under way at once at first after it opens; doubles every second until none is
    /// held. Default 16. Higher: the new owner loads its bases under a bigger burst. Lower: held requests wait longer.
    /// </summary>
    public int ReleaseAtOnce { get; init; } = 16;

    /// <summary>
    /// Value of <c>Retry-After</c> on our 503s, whole seconds, at least 1 s. Default 2 s.
    /// Higher: callers come back late. Lower: they come back while nothing has changed.
    /// </summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Largest request body in bytes, at least 1; over it 413 (never on <c>/socket.io/</c>, whose clients would stop for good).
    /// Default 104,857,600 (100 MB). Bodies are streamed: raising it costs no memory here, but nodes buffer.
    /// </summary>
    public long MaxBodyBytes { get; init; } = 100L * 1024 * 1024;

    /// <summary>
    /// A request on which no byte moves for so long is ended: 504 if nothing was answered yet. Default 300 s: callers wait up to
    /// 180 s. Higher: dead peers hold a connection longer. Lower: slow imports and exports are cut. Websockets have no limit.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>
    /// How long one attempt to connect to a node may take. Default 3 s. Higher: a vanished machine is noticed later within the
    /// hold. Lower: a node with a full accept queue counts as refusing.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long an unused connection to a node is kept. Default 4 s: Node.js closes after 5 s, and a write that meets such a
    /// closing connection cannot be sent again (S4). Raise it only as far as the nodes keep connections open; higher saves
    /// connects, lower costs them.
    /// </summary>
    public TimeSpan NodeKeepAlive { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long an unused client connection is kept. Default 130 s: longer than the proxies in front of us keep theirs, so that
    /// they close first. Higher: more idle sockets. Lower: a request may meet a closing connection.
    /// </summary>
    public TimeSpan ClientKeepAlive { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>
    /// How long a client may take to send its request headers. Default 30 s. Higher: slow-header attacks hold connections longer.
    /// Lower: clients on bad links are cut.
    /// </summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest total size of request headers in bytes, over it 431. Default 32,768. Higher: more memory per connection in
    /// an attack. Lower: long tokens and cookies are refused.</summary>
    public int MaxHeaderBytes { get; init; } = 32 * 1024;

    /// <summary>Header fields of a request at most, over it 431. Default 100. Higher: more work per request in an attack. Lower: clients behind several
    /// proxies, each with headers of its own, are refused.</summary>
    public int MaxHeaderCount { get; init; } = 100;

    /// <summary>Longest request line in bytes, over it 414. Default 16,384: filters travel in queries. Higher and lower as with
    /// <see cref="MaxHeaderBytes"/>.</summary>
    public int MaxRequestLineBytes { get; init; } = 16 * 1024;

    /// <summary>
    /// Client connections at most, websockets included; 0 for no limit. Default 0: the file descriptor limit is the limit.
    /// Lower: excess connections are closed at once, which clients see as a refusal.
    /// </summary>
    public int MaxConnections { get; init; }

    /// <summary>
    /// How far ahead of the node a request body is read, bytes per connection, by the runtime's sockets
    /// (<see cref="InlineScheduling"/>); an event loop reads a body as the node takes it, 72 KB at a time. Default 65,536. Higher: held uploads
    /// cost more memory. Lower: uploads are slower. At least <see cref="MaxHeaderBytes"/> and <see cref="MaxRequestLineBytes"/>.
    /// </summary>
    public int ReadAheadBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// How far ahead of the client an answer is read, bytes per connection, by the runtime's sockets (<see cref="InlineScheduling"/>); with event
    /// loops a block of 72 KB at a time goes to the client before the next is read. Default 65,536. Higher: faster large answers, more
    /// memory per slow reader. Lower: the reverse.
    /// </summary>
    public int WriteAheadBytes { get; init; } = 64 * 1024;

    /// <summary>How long one node may take to answer sys-info. Default 2 s. Higher: one dead node makes the whole answer late.
    /// Lower: busy nodes are missing from it.</summary>
    public TimeSpan SysInfoTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Time over which the closes of websockets are spread in a move or a drain. Default 2 s. Higher: clients are without a
    /// socket longer. Lower: they reconnect in one burst. 0 closes at once.
    /// </summary>
    public TimeSpan CloseSpread { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a node's websocket frames may run out in a move once client frames have stopped. Default 500 ms. Higher: moves
    /// take longer. Lower: last broadcasts of a busy node are lost.
    /// </summary>
    public TimeSpan NodeRunOut { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long a closing websocket waits for running requests of its bucket, whose broadcasts it shall still see. Default 2 s.
    /// Higher: a move with a long request is given up with its sockets still open. Lower: their broadcasts are lost.
    /// </summary>
    public TimeSpan BroadcastWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After a stop was ordered, how long new requests are still served while <c>/ping/</c> answers 503, so that a load balancer
    /// in front can turn away first. Default 0 s. Higher: stopping takes longer. Lower: requests meet a closed port.
    /// </summary>
    public TimeSpan DrainGrace { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// How long a stop waits for requests in flight, after which they are cut. Default 30 s. Higher: stopping takes longer.
    /// Lower: long imports and exports are cut.
    /// </summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The networks that nodes may stand in; a node elsewhere counts as unreachable. Default: any.</summary>
    public NodeNetworks NodeNetworks { get; init; } = NodeNetworks.Any;

    /// <summary>Hottest bases to report, 1 to 1000. Default 20; four times as many are watched. Higher: larger load reports.</summary>
    public int HottestBases { get; init; } = 20;

    /// <summary>
    /// Whether requests run on the thread that read them from the socket: on Linux that of an event loop of our own, elsewhere that of the
    /// runtime's sockets. Default true: fewer hand-overs, about a quarter less CPU for each request. False leaves the sockets to the runtime and
    /// requests to its thread pool: a way back, should the loops ever be at fault.
    /// </summary>
    public bool InlineScheduling { get; init; } = true;

    /// <summary>
    /// What sends requests to nodes and streams their answers. Default <see cref="ForwarderKind.Direct"/>. <see cref="ForwarderKind.Yarp"/> is the way back, and
    /// speaks HTTP/2 to nodes; it takes about twice the CPU for a small request, and cannot do all that the other does.
    /// </summary>
    public ForwarderKind Forwarder { get; init; } = ForwarderKind.Direct;

    /// <summary>
    /// The HTTP version that nodes are spoken to in: 1.1 or 2.0, and no other than that. Default 1.1. 2.0 needs <see cref="ForwarderKind.Yarp"/>; without TLS nodes must
    /// know beforehand (h2c with prior knowledge). Many requests then share few connections.
    /// </summary>
    public Version NodeHttpVersion { get; init; } = HttpVersion.Version11;

    /// <summary>Makes the data port a gate's. Default null: it is a proxy's.</summary>
    public GateAdmission? Gate { get; init; }

    /// <summary>The sockets of the data port, and of the direct forwarder, are on event loops.</summary>
    internal bool UsesLoops => InlineScheduling && LoopTransport.IsSupported;

    /// <summary>What is wrong, one sentence per setting: which key, which value, what is allowed. Empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Address != "*" && !IPAddress.TryParse(Address, out _))
            problems.Add($"Address: '{Address}' is no IP address; allowed are an IPv4 or IPv6 address, or '*'.");
        Within(nameof(Port), Port, 0, 65535);
        foreach (var prefix in PathPrefixes)
        {
            if (TargetExtractor.PrefixProblem(prefix) is { } reason)
                problems.Add($"PathPrefixes: '{prefix}' cannot be a prefix: {reason}");
        }
        Lasting(nameof(HoldTime), HoldTime, 0, 3600);
        Within(nameof(HoldPerBucket), HoldPerBucket, 0, 1_000_000);
        Within(nameof(HoldTotal), HoldTotal, 0, 1_000_000);
        Within(nameof(ReleaseAtOnce), ReleaseAtOnce, 1, 1_000_000);
        Lasting(nameof(RetryAfter), RetryAfter, 1, 3600);
        Within(nameof(MaxBodyBytes), MaxBodyBytes, 1, long.MaxValue);
        Lasting(nameof(IdleTimeout), IdleTimeout, 1, 86_400);
        Lasting(nameof(ConnectTimeout), ConnectTimeout, 0.01, 120);
        Lasting(nameof(NodeKeepAlive), NodeKeepAlive, 0, 3600);
        Lasting(nameof(ClientKeepAlive), ClientKeepAlive, 1, 86_400);
        Lasting(nameof(HeadersTimeout), HeadersTimeout, 1, 600);
        Within(nameof(MaxHeaderBytes), MaxHeaderBytes, 1024, 1 << 20);
        Within(nameof(MaxHeaderCount), MaxHeaderCount, 10, 10_000);
        Within(nameof(MaxRequestLineBytes), MaxRequestLineBytes, 256, 1 << 20);
        Within(nameof(MaxConnections), MaxConnections, 0, int.MaxValue);
        Within(nameof(ReadAheadBytes), ReadAheadBytes, Math.Max(MaxHeaderBytes, MaxRequestLineBytes), 1 << 26);
        Within(nameof(WriteAheadBytes), WriteAheadBytes, 4096, 1 << 26);
        Lasting(nameof(SysInfoTimeout), SysInfoTimeout, 0.01, 60);
        Lasting(nameof(CloseSpread), CloseSpread, 0, 60);
        Lasting(nameof(NodeRunOut), NodeRunOut, 0, 10);
        Lasting(nameof(BroadcastWait), BroadcastWait, 0, 10);
        Lasting(nameof(DrainGrace), DrainGrace, 0, 600);
        Lasting(nameof(DrainLimit), DrainLimit, 0, 3600);
        Within(nameof(HottestBases), HottestBases, 1, 1000);
        if (NodeHttpVersion != HttpVersion.Version11 && NodeHttpVersion != HttpVersion.Version20)
            problems.Add($"NodeHttpVersion: {NodeHttpVersion} is not spoken to nodes; allowed are 1.1 and 2.0.");
        else if (NodeHttpVersion == HttpVersion.Version20 && Forwarder == ForwarderKind.Direct)
            problems.Add("NodeHttpVersion: the direct forwarder speaks HTTP/1.1 to nodes; 2.0 needs the forwarder Yarp.");
        return problems;

        void Within(string key, long value, long least, long most)
        {
            if (value < least || value > most)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{key}: {value} is out of range; allowed are {least} to {most}."));
        }

        void Lasting(string key, TimeSpan value, double least, double most)
        {
            if (value.TotalSeconds < least || value.TotalSeconds > most)
            {
                problems.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{key}: {value.TotalSeconds:0.###} s is out of range; allowed are {least:0.###} to {most:0.###} s."));
            }
        }
    }

    /// <summary>Throws when a setting cannot work.</summary>
    /// <exception cref="ArgumentException">The message holds every problem.</exception>
    internal void ThrowIfInvalid()
    {
        if (Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(' ', problems));
    }
}
