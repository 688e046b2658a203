using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using BucketProxy.Composition.Gates;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Values;
using BucketProxy.Emulator.Checking;
using BucketProxy.Emulator.Journaling;
using BucketProxy.Gateway.Options;

namespace BucketProxy.Demo;

/// <summary>The emulated dtable-server behind the demonstration's gate: a process of its own, so that it can be killed.</summary>
/// <param name="id">Its node id.</param>
/// <param name="storage">The storage that all nodes share.</param>
/// <param name="directory">Where its journal goes.</param>
/// <param name="time">The clock.</param>
internal sealed class GatedServer(string id, string storage, string directory, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly string _journal = Path.Combine(directory, id + ".jsonl");
    private readonly int _gatePort = FreePort.Next();
    private readonly int _port = FreePort.Next();
    private readonly List<ObservedExit> _exits = [];

    /// <summary>Its node id.</summary>
    public string Id => id;

    /// <summary>Where its gate listens.</summary>
    public Uri Url => Loopback(_gatePort);

    /// <summary>When it was killed.</summary>
    public IReadOnlyList<ObservedExit> Exits => _exits;

    /// <summary>Gives out what it wrote into its journal, over all its runs. When it does not run.</summary>
    public void CopyJournalTo(IJournalSink journal)
    {
        if (File.Exists(_journal))
            JournalReader.Each(_journal, journal.Write);
    }

    /// <summary>The gate's settings: where it listens, and what it runs.</summary>
    public GateSettings Settings(GateSettings settings) => settings with
    {
        Node = id,
        Listen = new ListenAddress(IPAddress.Loopback, _gatePort),
        Advertise = Url,
        Server = Loopback(_port),
        Command = [.. ThisProgram.CommandLine(
            "emulator", "--id", id, "--port", _port.ToString(CultureInfo.InvariantCulture), "--storage", storage, "--journal", _journal, "--operation-log")],
        // It answers the call.
        Release = GateRelease.Call,
        // All on one machine: what a dead process has written is in the file system by then.
        LateSaveTime = TimeSpan.FromSeconds(1),
    };

    /// <summary>What it counts: bases in memory, open sockets, operations. Null: it does not answer.</summary>
    public async Task<(int Bases, int Sockets, long Operations)?> LoadAsync()
    {
        try
        {
            var info = await _http.GetFromJsonAsync<JsonNode>(new Uri(Loopback(_port), "/api/v1/admin/sys-info/"));
            return ((int)info!["loaded_dtables_count"]!, (int)info["web_socket_count"]!, (long)info["operation_count_since_up"]!);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Kills it as <c>kill -9</c> does, and waits until its gate has seen that nothing of it is left.</summary>
    /// <param name="gate">Its gate.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <returns>The process that was killed.</returns>
    /// <exception cref="DemoException">It does not run, or does not die.</exception>
    public async Task<int> KillAsync(GateRole gate, CancellationToken stop)
    {
        if (gate.ServerProcessId is not { } process)
            throw new DemoException($"{id} does not run.");
        var lost = gate.Agent.Runs.Lost;
        using (var server = Process.GetProcessById(process))
            server.Kill();
        var since = time.GetTimestamp();
        while (gate.Agent.Runs.Lost == lost)
        {
            if (time.GetElapsedTime(since) > Patience)
                throw new DemoException($"Process {process} of {id} lives {Patience.TotalSeconds} s after it was killed.");
            await Task.Delay(Look, time, stop);
        }
        _exits.Add(new ObservedExit(id, time.GetUtcNow()));
        return process;
    }

    /// <summary>Closes its connections. The process is its gate's.</summary>
    public void Dispose() => _http.Dispose();

    private static Uri Loopback(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
}
