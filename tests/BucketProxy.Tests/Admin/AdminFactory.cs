using BucketProxy.Admin;
using BucketProxy.Admin.Hosting;
using BucketProxy.Cluster.Keys;
using BucketProxy.Cluster.Mirror;
using BucketProxy.Cluster.Testing;
using BucketProxy.Configuration;
using BucketProxy.Core.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Tests.Admin;

/// <summary>
/// The operators' port on whatever server a test asks for: TestServer, in memory, or Kestrel on a free port
/// (<c>UseKestrel(0)</c>, <c>StartServer()</c>). The program itself has no web host as its entry point, so the factory is given one
/// with the same services, pipeline and routes.
/// </summary>
public sealed class AdminFactory : WebApplicationFactory<AdminFactory>
{
    private readonly MemoryStore _store = new(TimeProvider.System);
    private readonly StoreMirror _mirror;

    public AdminFactory() =>
        _mirror = new StoreMirror(_store, new KeySchema(), new MirrorOptions(), TimeProvider.System, NullLogger<StoreMirror>.Instance);

    /// <summary>The token that orders must show; null: none.</summary>
    internal string? Token { get; init; }

    internal RecordingDesk Desk { get; } = new();

    protected override IHostBuilder CreateHostBuilder() => Host.CreateDefaultBuilder()
        .ConfigureWebHostDefaults(web => web
            .ConfigureServices(services =>
            {
                AdminHost.AddServices(services, NullLoggerFactory.Instance, TimeProvider.System);
            })
            .Configure(app =>
            {
                AdminHost.Use(app);
                app.UseRouting();
                app.UseEndpoints(routes => AdminHost.Map(routes, Context(), TimeProvider.System));
            }));

    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder.UseContentRoot(AppContext.BaseDirectory);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _mirror.DisposeAsync();
        await _store.DisposeAsync();
    }

    private AdminContext Context() => new()
    {
        Settings = new BucketProxySettings { Admin = new AdminSettings { Token = Token } },
        Instance = "instance-1",
        StoreDescription = "memory",
        Views = _mirror,
        Mirror = () => _mirror.Status,
        Table = () => RoutingTable.Empty,
        Desk = Desk,
    };
}
