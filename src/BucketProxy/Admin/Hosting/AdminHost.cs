using System.Net;
using BucketProxy.Admin.Endpoints;
using BucketProxy.Admin.Security;
using BucketProxy.Configuration;
using BucketProxy.Configuration.Values;
using BucketProxy.Dashboard;
using BucketProxy.Gateway.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BucketProxy.Admin.Hosting;

/// <summary>
/// The operators' port: an ordinary web app, apart from the data port, so that nothing here can slow a request down.
/// <c>serve</c> starts it before anything else is ready: health says what is missing.
/// </summary>
internal sealed class AdminHost : IAsyncDisposable
{
    // Orders are small; the dashboard's files are served, not taken.
    private const long MaxBodyBytes = 64 * 1024;

    private readonly WebApplication _app;
    private readonly ServerCertificate? _certificate;

    private readonly ListenAddress _listen;

    private AdminHost(WebApplication app, ServerCertificate? certificate, ListenAddress listen) => (_app, _certificate, _listen) = (app, certificate, listen);

    /// <summary>Where it listens, once started: with the port it was given.</summary>
    public IReadOnlyList<string> Addresses =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>Where others may reach it, for people: the machine's name stands for "every address".</summary>
    public string PublicAddress
    {
        get
        {
            var address = new UriBuilder(Addresses[0]);
            if (address.Host is "[::]" or "0.0.0.0")
                address.Host = Environment.MachineName;
            return address.Uri.GetLeftPart(UriPartial.Authority);
        }
    }

    /// <summary>Where this process itself reaches it.</summary>
    public Uri LocalAddress
    {
        get
        {
            var address = new UriBuilder(Addresses[0]);
            address.Host = address.Host switch { "[::]" => "[::1]", "0.0.0.0" => "127.0.0.1", var host => host };
            return address.Uri;
        }
    }

    /// <summary>Makes the host.</summary>
    /// <param name="context">What it shows and acts on.</param>
    /// <param name="loggers">Where it logs; not disposed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="more">Adds further routes: metrics, the dashboard.</param>
    /// <exception cref="ArgumentException">The token's file holds no token that is allowed.</exception>
    /// <exception cref="IOException">A file of the settings cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificate is none.</exception>
    public static AdminHost Create(AdminContext context, ILoggerFactory loggers, TimeProvider time, Action<WebApplication>? more = null)
    {
        var settings = context.Settings.Admin;
        var certificate = settings.CertificateFile is { } file
            ? new ServerCertificate(file, settings.KeyFile, time, loggers.CreateLogger("BucketProxy.Admin"))
            : null;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "BucketProxy", Args = [] });
        // Its own settings come from ours alone: no appsettings.json, no ASPNETCORE_ variables.
        builder.Configuration.Sources.Clear();
        AddServices(builder.Services, loggers, time);
        // So that what ASP.NET Core counts here is among the figures of this instance.
        if (context.Meters is { } meters)
            builder.Services.AddSingleton(meters);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            Listen(kestrel, settings, certificate);
        });
        var app = builder.Build();
        Use(app);
        Map(app, context, time);
        more?.Invoke(app);
        return new AdminHost(app, certificate, settings.Listen);
    }

    /// <summary>What the port's pipeline needs, whatever server it runs on.</summary>
    internal static void AddServices(IServiceCollection services, ILoggerFactory loggers, TimeProvider time)
    {
        services.AddSingleton(loggers);
        services.AddSingleton(time);
        services.ConfigureHttpJsonOptions(json => AdminJson.Configure(json.SerializerOptions));
        services.AddProblemDetails();
        services.AddExceptionHandler<OrderErrors>();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        OpenApiPage.Add(services);
    }

    /// <summary>What every answer goes through.</summary>
    internal static void Use(IApplicationBuilder app)
    {
        SafeHeaders.Use(app);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <summary>The routes.</summary>
    /// <exception cref="ArgumentException">The token's file holds no token that is allowed.</exception>
    internal static void Map(IEndpointRouteBuilder routes, AdminContext context, TimeProvider time)
    {
        var token = AdminToken.Of(context.Settings.Admin);
        HealthEndpoints.Map(routes, context);
        ReadEndpoints.Map(routes, context);
        WatchEndpoint.Map(routes, context, time);
        LiveEndpoints.Map(routes, context, time);
        MetricsEndpoint.Map(routes, context);
        OrderEndpoints.Map(routes.MapGroup("").AddEndpointFilter(new OrderGuard(token)), context);
        DashboardFiles.Map(routes);
        routes.MapOpenApi("/openapi/{documentName}.json");
    }

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The port is taken, is not for this user, or its address is none of this machine.</exception>
    public Task StartAsync(CancellationToken cancellationToken) =>
        BindFailure.NamedAsync(_listen.ToString(), () => _app.StartAsync(cancellationToken));

    /// <summary>Stops listening; requests under way may finish until the token says otherwise.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate?.Dispose();
    }

    private static void Listen(KestrelServerOptions kestrel, AdminSettings settings, ServerCertificate? certificate)
    {
        Action<ListenOptions> protocol = listen =>
        {
            if (certificate is not null)
                listen.UseCertificate(certificate);
        };
        if (settings.Listen.Address is { } address)
            kestrel.Listen(new IPEndPoint(address, settings.Listen.Port), protocol);
        else
            kestrel.ListenAnyIP(settings.Listen.Port, protocol);
    }
}
