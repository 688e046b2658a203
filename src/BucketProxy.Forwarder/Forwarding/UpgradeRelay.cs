using System.Security.Cryptography;
using System.Text;
using BucketProxy.Forwarder.Http1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>Carries an upgraded connection: what follows a destination's 101.</summary>
internal static class UpgradeRelay
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Upgrades the client, and copies until either side ends.</summary>
    /// <param name="context">The destination's answer stands in its response.</param>
    /// <param name="connection">The destination's, handed over.</param>
    /// <param name="key">The key of ours that the destination was to answer; null for the client's own.</param>
    /// <param name="logger">Where to log.</param>
    /// <param name="token">Ends it.</param>
    public static async ValueTask<ForwarderError> RunAsync(
        HttpContext context, DestinationConnection connection, string? key, ILogger logger, CancellationToken token)
    {
        var (transport, begun) = connection.HandOver();
        var destination = new DestinationStream(transport, begun, connection.Close);
        if (key is not null && !Accepts(context.Response.Headers, key))
        {
            await destination.DisposeAsync();
            var wrong = new InvalidOperationException("The destination's Sec-WebSocket-Accept does not go with the key.");
            return Failure.Tell(context, ForwarderError.ResponseHeaders, StatusCodes.Status502BadGateway, wrong, hasTaken: true, logger);
        }
        Stream client;
        try
        {
            client = await AcceptAsync(context, isExtended: key is not null);
            context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        }
        catch (Exception e)
        {
            await destination.DisposeAsync();
            Failure.Note(context, ForwarderError.UpgradeResponseClient, e, logger);
            return ForwarderError.UpgradeResponseClient;
        }
        if (client is IDetachedUpgrade detached)
        {
            // It outlives the request, and with it whoever may cancel that.
            detached.Run(end => CopyAsync(client, destination, end));
            context.Abort();
            return ForwarderError.None;
        }
        await using (client)
        {
            var copy = new UpgradedCopy(client, destination);
            var end = await copy.RunAsync(context.RequestAborted, token);
            if (copy.IsCutShort)
                context.Abort();
            var error = ErrorOf(end);
            if (error != ForwarderError.None)
                Failure.Note(context, error, copy.Error, logger);
            return error;
        }
    }

    private static async Task CopyAsync(Stream client, DestinationStream destination, CancellationToken end)
    {
        await using (client)
            await new UpgradedCopy(client, destination, halfCloses: true).RunAsync(end, CancellationToken.None);
    }

    private static Task<Stream> AcceptAsync(HttpContext context, bool isExtended)
    {
        if (!isExtended)
        {
            context.Response.Headers.Upgrade = "websocket";
            return context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.Headers.Remove("Sec-WebSocket-Accept");
        return AcceptAsync(context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>());
    }

    private static async Task<Stream> AcceptAsync(IHttpExtendedConnectFeature connect) => await connect.AcceptAsync();

    private static bool Accepts(IHeaderDictionary answer, string key)
    {
#pragma warning disable CA5350 // SHA-1 is what RFC 6455 section 4.2.2 prescribes; nothing is kept secret by it.
        var expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
#pragma warning restore CA5350
        return answer.SecWebSocketAccept == expected;
    }

    private static ForwarderError ErrorOf(UpgradedEnd end) => end switch
    {
        UpgradedEnd.Cancelled => ForwarderError.UpgradeRequestCanceled,
        UpgradedEnd.ClientRead => ForwarderError.UpgradeRequestClient,
        UpgradedEnd.ClientWrite => ForwarderError.UpgradeResponseClient,
        UpgradedEnd.DestinationRead => ForwarderError.UpgradeResponseDestination,
        UpgradedEnd.DestinationWrite => ForwarderError.UpgradeRequestDestination,
        _ => ForwarderError.None,
    };
}
