using System.Runtime.CompilerServices;
using BucketProxy.Forwarder.Destinations;
using BucketProxy.Forwarder.Http1;
using BucketProxy.Forwarder.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BucketProxy.Forwarder.Forwarding;

/// <summary>
/// Forwards requests over connections of a <see cref="DirectHttpClient"/>, in place of YARP's own forwarder.
/// <code>
///   client ──server──►  Translator ──Delivery──►  destination
///                       writes the head            sends once, reads the head
///   client ◄──server──  AnswerRelay ◄──────────   destination
///                       or UpgradeRelay, behind a 101
/// </code>
/// </summary>
/// <param name="logger">Where failed requests are logged, at the level for debugging: <see cref="IForwarderErrorFeature"/> and YARP's event source tell of
/// each.</param>
public sealed class DirectForwarder(ILogger<DirectForwarder> logger) : IHttpForwarder
{
    private static readonly TimeSpan DefaultActivityTimeout = TimeSpan.FromSeconds(100);

    /// <inheritdoc/>
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context, string destinationPrefix, HttpMessageInvoker httpClient, ForwarderRequestConfig requestConfig, HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    /// <summary>Sends the request to a destination, and its answer to the client.</summary>
    /// <param name="context">The request.</param>
    /// <param name="destinationPrefix">The destination's URL, <c>http</c> or <c>https</c>, maybe with a path.</param>
    /// <param name="httpClient">A <see cref="DirectHttpClient"/>.</param>
    /// <param name="requestConfig">Its activity timeout is honoured: 100 s where it has none.</param>
    /// <param name="transformer">What is changed on the way.</param>
    /// <param name="cancellationToken">Cancels it, besides <see cref="HttpContext.RequestAborted"/>.</param>
    /// <returns>None; else what <see cref="IForwarderErrorFeature"/> says too.</returns>
    /// <exception cref="ArgumentException">The client is another, or the prefix is no destination.</exception>
    /// <exception cref="InvalidOperationException">The response has begun.</exception>
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(destinationPrefix);
        ArgumentNullException.ThrowIfNull(httpClient);
        ArgumentNullException.ThrowIfNull(requestConfig);
        ArgumentNullException.ThrowIfNull(transformer);
        var terms = (IDeliveryTermsFeature?)context.Features[typeof(IDeliveryTermsFeature)];
        if ((terms?.Client ?? httpClient) is not DirectHttpClient client)
        {
            throw new ArgumentException(
                $"The direct forwarder wants a {nameof(DirectHttpClient)}: clusters have one after AddReverseProxy().AddDirectForwarder().", nameof(httpClient));
        }
        if (IsSet(context.Response))
            throw new InvalidOperationException("The request cannot be forwarded: its response has begun.");
        var destination = DestinationOf(client, destinationPrefix);

        var patience = PatienceOf(requestConfig.ActivityTimeout ?? DefaultActivityTimeout);
        client.Notice(patience);
        if (requestConfig.AllowResponseBuffering != true)
            ((IHttpResponseBodyFeature?)context.Features[typeof(IHttpResponseBodyFeature)])?.DisableBuffering();
        var upgrade = Upgrades.Of(context);
        if (TranslatorFor(transformer, context) is { } translator)
        {
            YarpTelemetry.Start(destinationPrefix);
            return ForwardAsync(context, destination, translator, upgrade, terms, patience, cancellationToken);
        }
        var custom = new CustomTranslator(transformer, context, patience, client.Time, cancellationToken);
        YarpTelemetry.Start(destinationPrefix);
        return TransformAsync(context, client, destination, requestConfig, custom, upgrade, terms, patience, cancellationToken);
    }

    /// <summary>What is known to do the same as the transformer; null when nothing is.</summary>
    private static Translator? TranslatorFor(HttpTransformer transformer, HttpContext context) => ClassifiedTransformer.KindOf(transformer) switch
    {
        TransformerKind.Exact => ExactTranslator.Instance,
        TransformerKind.Default when DefaultTranslator.Takes(context) => DefaultTranslator.Default,
        TransformerKind.Empty when DefaultTranslator.Takes(context) => DefaultTranslator.Empty,
        _ => null,
    };

    /// <summary>Has the application's transforms make the request out of a message, and goes on from there.</summary>
    private async ValueTask<ForwarderError> TransformAsync(
        HttpContext context,
        DirectHttpClient client,
        Destination destination,
        ForwarderRequestConfig config,
        CustomTranslator translator,
        Upgrade upgrade,
        IDeliveryTermsFeature? terms,
        int patience,
        CancellationToken token)
    {
        using var custom = translator;
        var isMade = false;
        try
        {
            if (!await custom.TransformRequestAsync(destination.Prefix, config, upgrade))
                return ForwarderError.None;
            destination = custom.DestinationOf(destination, client);
            isMade = true;
        }
        catch (Exception e)
        {
            var isGone = context.RequestAborted.IsCancellationRequested;
            var (error, status) = isGone || token.IsCancellationRequested
                ? (ForwarderError.RequestCanceled, isGone ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway)
                : e is OperationCanceledException
                    ? (ForwarderError.RequestTimedOut, StatusCodes.Status504GatewayTimeout)
                    : (ForwarderError.RequestCreation, StatusCodes.Status502BadGateway);
            Failure.Tell(context, error, status, e, hasTaken: false, logger);
            await custom.FailAsync(context);
            return error;
        }
        finally
        {
            if (!isMade)
                YarpTelemetry.Stop(context.Response.StatusCode);
        }
        return await ForwardAsync(context, destination, custom, upgrade, terms, patience, token);
    }

    /// <summary>Has the request delivered, and its answer carried. It tells YARP's event source of the end, however that is.</summary>
    // The steps of a delivery are awaited here: in a method of their own they would be one more state machine that each request suspends.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> ForwardAsync(
        HttpContext context,
        Destination destination,
        Translator translator,
        Upgrade upgrade,
        IDeliveryTermsFeature? terms,
        int patience,
        CancellationToken token)
    {
        var delivery = DeliveryPool.Take();
        var delivered = Delivered.DestinationBroke;
        var isAnswering = false;
        var isComplete = false;
        var isLeft = false;
        DestinationConnection? upgraded = null;
        try
        {
            try
            {
                var gone = context.RequestAborted;
                delivery.Begin(context, destination, translator, upgrade, terms, patience, gone, token);
                var connection = delivery.TakeUnused();
                while (!isAnswering)
                {
                    connection ??= await destination.ConnectAsync(gone, token);
                    if (!delivery.TryHold(connection))
                    {
                        delivered = delivery.Failed(error: null);
                        break;
                    }
                    try
                    {
                        if (delivery.Agreement is { } agreement)
                            await agreement.SendAsync(connection);
                        else if (delivery.Body == RequestBody.None)
                            await connection.SendAsync(delivery.Head);
                        else
                            delivery.Pump = await BodyPump.BeginAsync(context.Request.BodyReader, connection, delivery.Head, delivery.Body, delivery.BodyLength);
                        do
                        {
                            if (!connection.EndFill(await connection.BeginFill()))
                                throw new IOException("The destination closed the connection.");
                        }
                        while (!delivery.TryReadHead(connection));
                        if (connection.HasEmptyBody)
                            await connection.ReadEmptyBodyAsync();
                        isAnswering = true;
                    }
                    catch (Exception e) when (delivery.MayGoAgain(e, connection))
                    {
                        delivery.Drop();
                        connection = null;
                    }
                }
                if (isAnswering)
                {
                    delivered = Delivered.Answered;
                    if (!await translator.BeginAnswerAsync(delivery))
                        (isLeft, isComplete) = (true, delivery.Connection.IsBodyOver);
                    else if (delivery.IsSwitched)
                        upgraded = delivery.HandOver();
                    else if (await translator.CarryAsync(delivery))
                        isComplete = true;
                    else
                        delivered = Delivered.ClientBroke;
                    if (isComplete && !isLeft)
                        await translator.EndAnswerAsync(delivery);
                }
            }
            catch (Exception e) when (Breaks.IsAnEnd(e, isAnswering))
            {
                isComplete = false;
                delivered = delivery.Failed(e, isAnswering);
            }
            finally
            {
                translator.Release();
                // Here the destination has answered completely, or its connection is closed: what the client is told comes behind that.
                await delivery.EndAsync(isComplete);
            }
            var key = delivery.WebSocketKey;
            var error = isComplete || isLeft || upgraded is not null
                ? ForwarderError.None
                : Failure.Tell(context, delivered, delivery, isAnswering, logger);
            DeliveryPool.Return(delivery);
            if (!isAnswering)
                await translator.FailAsync(context);
            return upgraded is null ? error : await UpgradeRelay.RunAsync(context, upgraded, key, logger, token);
        }
        finally
        {
            YarpTelemetry.Stop(context.Response.StatusCode);
        }
    }

    private static Destination DestinationOf(DirectHttpClient client, string prefix)
    {
        try
        {
            return client.For(prefix);
        }
        catch (UriFormatException e)
        {
            throw new ArgumentException($"'{prefix}' is no destination: {e.Message}", nameof(prefix), e);
        }
    }

    private static int PatienceOf(TimeSpan timeout) =>
        timeout == Timeout.InfiniteTimeSpan || timeout.TotalMilliseconds >= int.MaxValue ? int.MaxValue : (int)Math.Ceiling(timeout.TotalMilliseconds);

    /// <summary>Somebody has answered already, as YARP sees it.</summary>
    private static bool IsSet(HttpResponse response) => response.StatusCode != StatusCodes.Status200OK || response.HasStarted;
}
