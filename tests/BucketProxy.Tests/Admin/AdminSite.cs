using System.Net;
using System.Net.Http.Json;
using BucketProxy.Admin;
using BucketProxy.Admin.Hosting;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Store;
using BucketProxy.Cluster.Testing;
using BucketProxy.Cluster.View;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Values;
using BucketProxy.Core.Bases;
using BucketProxy.Core.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Tests.Admin;

/// <summary>A real admin port on a free TCP port, over a real mirror of a store in memory.</summary>
internal sealed class AdminSite : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly MemoryStore _store = new(TimeProvider.System);
    private readonly StoreMirror _mirror;
    private readonly AdminHost _host;

    private AdminSite(AdminSettings admin, BucketProxySettings settings)
    {
        _mirror = new StoreMirror(_store, Keys, new MirrorOptions(), TimeProvider.System, NullLogger<StoreMirror>.Instance);
        var context = new AdminContext
        {
            Settings = settings with { Admin = admin with { Listen = new ListenAddress(IPAddress.Loopback, 0) } },
            Instance = "instance-1",
            StoreDescription = "memory",
            Views = _mirror,
            Mirror = () => Change(NotAdopted is { } why ? _mirror.Status with { NotAdopted = why } : _mirror.Status),
            Table = () => _mirror.Current is { } view ? RoutingTableBuilder.Build(RoutingTable.Empty, view) : RoutingTable.Empty,
            Desk = Desk,
            NotReady = [() => Stopping],
        };
        _host = AdminHost.Create(context, NullLoggerFactory.Instance, TimeProvider.System);
    }

    public static KeySchema Keys { get; } = new();

    public RecordingDesk Desk { get; } = new();

    /// <summary>Why it is not ready, when a test says so.</summary>
    public string? Stopping { get; set; }

    /// <summary>Why the store is not followed, when a test says so.</summary>
    public string? NotAdopted { get; set; }

    /// <summary>How the store is followed, as a test says.</summary>
    public Func<MirrorStatus, MirrorStatus> Change { get; set; } = status => status;

    public HttpClient Client { get; private set; } = null!;

    public MemoryStore Store => _store;

    /// <summary>Starts it; two nodes, 0-7 on the first, 8-e on the second, f unassigned.</summary>
    /// <param name="admin">Its settings; the address is a free one in any case.</param>
    /// <param name="empty">True: the store is not read.</param>
    /// <param name="settings">The other settings.</param>
    public static async Task<AdminSite> StartAsync(AdminSettings? admin = null, bool empty = false, BucketProxySettings? settings = null)
    {
        var site = new AdminSite(admin ?? new AdminSettings(), settings ?? new BucketProxySettings());
        if (!empty)
        {
            await site.PutAsync(
                (Keys.Node("dtable-server-01"), """{"node_url":"https://one.example.com/","local_node_url":"http://10.0.0.1:5000/","start_time":"100"}"""),
                (Keys.Node("dtable-server-02"), """{"node_url":"https://two.example.com/","local_node_url":"http://10.0.0.2:5000/"}"""));
            foreach (var some in Bucket.All.Where(b => b.Index < 0xf0).Chunk(64))
                await site.PutAsync([.. some.Select(b => (Keys.Assignment(b), b.Index < 0x80 ? "dtable-server-01" : "dtable-server-02"))]);
            site._mirror.Start();
            await site.FollowedAsync();
        }
        await site._host.StartAsync(CancellationToken.None);
        site.Client = new HttpClient { BaseAddress = new Uri(site._host.Addresses[0]) };
        return site;
    }

    /// <summary>Writes keys to the store.</summary>
    public async Task PutAsync(params (string Key, string Text)[] values)
    {
        var written = await _store.CommitAsync(new StoreTransaction { Success = [.. values.Select(v => StoreOperation.PutText(v.Key, v.Text))] });
        Assert.True(written.Succeeded);
    }

    /// <summary>Completes when the mirror has seen everything that was written.</summary>
    public async Task FollowedAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var written = (await _store.ReadAsync([""], ReadConsistency.Linearizable, patience.Token)).Revision;
        while (_mirror.Current is not { } view || view.Revision < written)
            await _mirror.ChangedSinceAsync(_mirror.Current, patience.Token);
    }

    public Task<T?> GetAsync<T>(string path) => Client.GetFromJsonAsync<T>(path, AdminJson.Options);

    /// <summary>Closes the port, as at the end of a process.</summary>
    public Task StopAsync() => _host.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
        await _mirror.DisposeAsync();
        await _store.DisposeAsync();
    }
}
