using System.Diagnostics;
using BucketProxy.Emulator.Checking;
using BucketProxy.SystemTest.Cluster;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>nginx with the manual's split in front of two servers: a change of the map, a reload, and the restart of all servers that the manual demands, or not.</summary>
internal sealed class NginxSide : ISide
{
    private readonly string _directory;
    private readonly bool _restartsServers;
    private readonly NodeProcess[] _servers;
    private readonly NginxProcess _nginx;

    /// <param name="program">nginx itself.</param>
    /// <param name="directory">Where its files are.</param>
    /// <param name="options">The servers.</param>
    /// <param name="restartsServers">Whether all servers are restarted after each reload.</param>
    public NginxSide(string program, string directory, TwoServersOptions options, bool restartsServers)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _restartsServers = restartsServers;
        _servers = [.. new[] { "dtable-server-01", "dtable-server-02" }.Select(id =>
            new NodeProcess(id, Storage, _directory, etcd: null, new SystemTestOptions { FlushInterval = options.FlushInterval }, "--operation-log"))];
        _nginx = new NginxProcess(program, Path.Combine(_directory, "nginx"), _servers[0].Authority, _servers[1].Authority);
    }

    public string Name => _restartsServers ? "nginx, reload and restart of all" : "nginx, reload";

    public IEntrance Entrance => _nginx;

    public string Storage => Path.Combine(_directory, "storage");

    public IReadOnlyList<string> Journals => [.. _servers.Select(server => server.Journal)];

    // All of them write their own end.
    public IReadOnlyList<ObservedExit> Exits => [];

    public OwnershipHistory? Owners => null;

    public async Task StartAsync()
    {
        await Task.WhenAll(_servers.Select(server => server.StartAsync()));
        await _nginx.StartAsync(SplitOf(Change.Back));
    }

    public async Task<ChangeNote> MakeAsync(Change change)
    {
        var since = Stopwatch.GetTimestamp();
        await _nginx.ReloadAsync(SplitOf(change));
        if (_restartsServers)
        {
            await Task.WhenAll(_servers.Select(async server =>
            {
                await server.TerminateAsync();
                await server.StartAsync();
            }));
        }
        return new ChangeNote($"map changed so that server 2 has {Said(SplitOf(change))}, nginx reloaded{(_restartsServers ? ", both servers restarted" : "")}")
        {
            Took = Stopwatch.GetElapsedTime(since),
        };
    }

    public async Task StopAsync()
    {
        await _nginx.TerminateAsync();
        await Task.WhenAll(_servers.Select(server => server.TerminateAsync()));
    }

    public async Task WriteLogsAsync()
    {
        foreach (var part in _servers.Append<IRestartable>(_nginx))
            await File.WriteAllTextAsync(Path.Combine(_directory, part.Name + ".log"), part.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private static string Said(string split) => split.Length == 0 ? "nothing" : split;

    private static string SplitOf(Change change) => change switch
    {
        Change.Away => "",
        Change.Back => "0-9",
        Change.Fewer => "0-3",
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, null),
    };
}
