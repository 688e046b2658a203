using System.Collections.Immutable;
using BucketProxy.Configuration.Values;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Configuration;

/// <summary>The port that requests come to.</summary>
internal sealed record DataSettings
{
    [Setting("Where the data port is opened.")]
    public ListenAddress Listen { get; init; } = new(null, 5550);

    [Setting("A PEM file with the certificate to serve TLS with, followed by those between it and its authority. Read again when it changes.",
        DefaultText = "none: HTTP/1.1 and HTTP/2 without TLS")]
    public string? CertificateFile { get; init; }

    [Setting("A PEM file with the certificate's private key. Read again when it changes.")]
    public string? KeyFile { get; init; }

    [Setting("Path prefixes that may stand once in front of a path and are taken off before it is forwarded.",
        Allowed = "a path that begins with '/' and does not end in one")]
    public ImmutableArray<string> Prefixes { get; init; } = ["/dtable-server", "/api-gateway"];

    [Setting("The longest that a request waits for an owner, from its arrival. The shortest timeout among SeaTable's clients is 30s. A planned move (monitor.quiesceTimeout + releaseTimeout + settleTime) must fit into it.",
        Min = "1s", Max = "300s",
        Raise = "Clients give up by themselves, and the answer goes nowhere.",
        Lower = "503 in moves that take longer.")]
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromSeconds(25);

    [Setting("Requests held for one bucket at most; over it the newest get 503.", Min = "0", Max = "1000000",
        Raise = "A bigger burst on the new owner after a move.", Lower = "503 on busy buckets while they move.")]
    public int HoldPerBucket { get; init; } = 256;

    [Setting("Requests held by this proxy at most; over it the newest get 503.", Min = "0", Max = "1000000",
        Raise = "More memory while many owners are away: each held request costs its connection and up to readAhead of its body.",
        Lower = "503 earlier.")]
    public int HoldTotal { get; init; } = 4096;

    [Setting("Held requests of one bucket that go out at once when it opens; doubles every second until none is held.", Min = "1", Max = "1000000",
        Raise = "The new owner loads its bases under a bigger burst.", Lower = "Held requests wait longer.")]
    public int ReleaseAtOnce { get; init; } = 16;

    [Setting("What Retry-After says on a 503 of ours.", Min = "1s", Max = "1h",
        Raise = "Callers come back late.", Lower = "They come back before anything has changed.")]
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("The largest request body; over it 413; 0B: no limit. Never on /socket.io/, whose clients would stop for good.",
        Raise = "Nothing here: bodies are streamed. The servers buffer them.", Lower = "Imports and uploads are refused.")]
    public ByteSize MaxBodySize { get; init; } = ByteSize.Megabytes(100);

    [Setting("A request on which no byte moves for so long is ended, with 504 if nothing was answered yet. SeaTable's callers wait up to 180s. Websockets have no such limit.",
        Min = "1s", Max = "24h",
        Raise = "Dead peers hold a connection longer.", Lower = "Slow imports and exports are cut.")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(300);

    [Setting("How long one attempt to connect to a server may take.", Min = "10ms", Max = "2m",
        Raise = "A vanished machine is noticed later, at the cost of the hold.", Lower = "A server with a full accept queue counts as away.")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    [Setting("How long an unused connection to a server is kept. Node.js closes after 5s, and a write that meets a closing connection cannot be sent again.",
        Min = "0s", Max = "1h",
        Raise = "Fewer connects. Above what the servers keep, writes fail.", Lower = "More connects.")]
    public TimeSpan NodeKeepAlive { get; init; } = TimeSpan.FromSeconds(4);

    [Setting("How long an unused client connection is kept: longer than a proxy in front keeps it, so that the one in front closes first.",
        Min = "1s", Max = "24h",
        Raise = "More idle sockets.", Lower = "A request may meet a closing connection.")]
    public TimeSpan ClientKeepAlive { get; init; } = TimeSpan.FromSeconds(130);

    [Setting("How long a client may take to send its request headers.", Min = "1s", Max = "10m",
        Raise = "An attack with slow headers holds connections longer.", Lower = "Clients on bad links are cut.")]
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    [Setting("The largest total of request headers; over it 431.", Min = "1KB", Max = "1MB",
        Raise = "More memory for each connection in an attack.", Lower = "Long tokens and cookies are refused.")]
    public ByteSize MaxHeaderSize { get; init; } = ByteSize.Kilobytes(32);

    [Setting("How many header fields a request may have, each line one; over it 431. An answer of a server may have 256, with forwarder 'direct'; over it 502.", Min = "10", Max = "10000",
        Raise = "More work for each request in an attack.", Lower = "Clients behind several proxies, each with fields of its own, are refused.")]
    public int MaxHeaderCount { get; init; } = 100;

    [Setting("The longest request line; over it 414. Filters travel in queries.", Min = "256B", Max = "1MB",
        Raise = "More memory for each connection in an attack.", Lower = "Long filters are refused.")]
    public ByteSize MaxRequestLine { get; init; } = ByteSize.Kilobytes(16);

    [Setting("Client connections at most, websockets included; 0: as many as there are file descriptors.", Min = "0",
        Raise = "More memory when they all come.", Lower = "Connections over it are closed at once, which clients see as a refusal.")]
    public int MaxConnections { get; init; }

    [Setting("How far ahead of the server a request body is read, for each connection, where inlineScheduling is off; else 72 KB at a time. At least maxHeaderSize and maxRequestLine.", Max = "64MB",
        Raise = "Held uploads cost more memory.", Lower = "Uploads are slower.")]
    public ByteSize ReadAhead { get; init; } = ByteSize.Kilobytes(64);

    [Setting("How far ahead of the client an answer is read, for each connection, where inlineScheduling is off; else 72 KB at a time.", Min = "4KB", Max = "64MB",
        Raise = "More memory for each slow reader.", Lower = "Large answers are slower.")]
    public ByteSize WriteAhead { get; init; } = ByteSize.Kilobytes(64);

    [Setting("How long one server may take to answer sys-info.", Min = "10ms", Max = "1m",
        Raise = "One dead server makes the whole answer late.", Lower = "Busy servers are missing from it.")]
    public TimeSpan SysInfoTimeout { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("The time over which websockets are closed in a move or a stop, so that they do not all reconnect at once.", Min = "0s", Max = "1m",
        Raise = "Clients are without a socket longer.", Lower = "They reconnect in one burst.")]
    public TimeSpan CloseSpread { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("How long a server's websocket frames may run out in a move, once client frames have stopped.", Min = "0s", Max = "10s",
        Raise = "Moves take longer.", Lower = "The last broadcasts of a busy server are lost.")]
    public TimeSpan NodeRunOut { get; init; } = TimeSpan.FromMilliseconds(500);

    [Setting("How long a closing websocket waits for running requests of its bucket, whose broadcasts it shall still see.", Min = "0s", Max = "10s",
        Raise = "A move with a long request is given up with its sockets still open.", Lower = "Such broadcasts are lost.")]
    public TimeSpan BroadcastWait { get; init; } = TimeSpan.FromSeconds(2);

    [Setting("After a stop was ordered, how long connections are still taken and requests still served while /ping/ and /health/ready answer 503, so that a load balancer in front turns away first. With drainLimit it must fit into the time that whoever stops the process gives it: 8s of the 10s of 'docker stop' by default, and closing takes up to 1s more. A gate has no grace, since nobody else can serve in its place, but lets its server save behind the limit (gate.saveTime).",
        Min = "0s", Max = "10m",
        Raise = "Stopping takes longer. More than the load balancer's interval of checks times its failures is of no use.", Lower = "Requests meet a closed port. 0s where nothing stands in front, or where it tries the next proxy by itself.")]
    public TimeSpan DrainGrace { get; init; } = TimeSpan.FromSeconds(3);

    [Setting("How long a stop waits for requests in flight, behind drainGrace; then they are cut.", Min = "0s", Max = "1h",
        Raise = "Stopping takes longer: raise the time that 'docker stop', Compose, Kubernetes or systemd gives it as well, or the process is killed.", Lower = "Long imports and exports are cut.")]
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(5);

    [Setting("How many of the hottest bases are reported; four times as many are watched.", Min = "1", Max = "1000",
        Raise = "Larger load reports.", Lower = "A base worth a pin may be missing.")]
    public int HottestBases { get; init; } = 20;

    [Setting("Whether requests run on the thread that read them from the socket: on Linux that of an event loop of BucketProxy's own.",
        Raise = "On: about a quarter less CPU for each request.", Lower = "Off: the runtime's sockets and thread pool; a way back, should the loops ever be at fault.")]
    public bool InlineScheduling { get; init; } = true;

    [Setting("What sends requests to servers and streams their answers. 'direct': BucketProxy's own forwarder. 'yarp': YARP's own; the way back, should the other ever be at fault, and the one that speaks HTTP/2 to servers. "
        + "'yarp' takes up to twice the CPU, and differs where the runtime's HTTP client does. A server that answers before it has the whole body is heard only when it has it; if it closes its connection, the client may get 502. Trailers of answers are lost on HTTP/1.1. "
        + "Answers that have two readings are taken where that client hides it: lines that end in LF alone, control characters, white space in front of a colon or behind a chunk's size, folded lines, headers and interim answers without end. "
        + "A websocket on which nothing moves for idleTimeout is closed, and its request is counted and logged when it ends, not when it opens. Headers of one name reach the server as one, joined by commas; a GET or HEAD that has a header of content (Content-Type, Expires) says Content-Length: 0. "
        + "A GET or HEAD whose connection ends without a word is sent up to three times more instead of once. A connection of a server that speaks HTTP/1.0 is kept.")]
    public ForwarderKind Forwarder { get; init; } = ForwarderKind.Direct;

    [Setting("Whether servers are spoken to in HTTP/2, and in nothing else: with an https URL by ALPN, else with prior knowledge (h2c). Needs forwarder 'yarp'.",
        Raise = "On: many requests share few connections.", Lower = "Off: HTTP/1.1, which dtable-server speaks.")]
    public bool NodeHttp2 { get; init; }
}
