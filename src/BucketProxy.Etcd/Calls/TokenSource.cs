using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Transport;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Etcd.Calls;

/// <summary>The token that says who we are. Asked for once, kept by all calls, and asked for anew when a call finds that it ran out.</summary>
internal sealed class TokenSource(EtcdCredentials credentials, ILogger log) : IDisposable
{
    private const string AuthenticationOff = "etcdserver: authentication is not enabled";
    private static readonly EtcdMethod<Wire.AuthenticateRequest, Wire.AuthenticateResponse> Authenticate =
        new("Auth/Authenticate", static (channel, request, options) => channel.Auth.AuthenticateAsync(request, options).ResponseAsync);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Token? _current;

    /// <summary>The token; asked for if there is none. Its value is null where the cluster asks nobody who they are.</summary>
    /// <param name="channel">Whom to ask.</param>
    /// <param name="refused">A token that did not do: it is not given out again.</param>
    /// <param name="timeout">For asking.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<Token> GetAsync(EtcdChannel channel, Token? refused, TimeSpan timeout, CancellationToken cancel)
    {
        if (Volatile.Read(ref _current) is { } known && known != refused)
            return known;
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // Another call may have renewed it while this one waited at the gate.
            if (_current is { } renewed && renewed != refused)
                return renewed;
            var token = new Token(await AskAsync(channel, timeout, cancel).ConfigureAwait(false));
            Volatile.Write(ref _current, token);
            if (refused is not null)
                log.TokenRenewed(credentials.User, channel.Endpoint);
            return token;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<string?> AskAsync(EtcdChannel channel, TimeSpan timeout, CancellationToken cancel)
    {
        var request = new Wire.AuthenticateRequest { Name = credentials.User, Password = credentials.Password };
        try
        {
            var answer = await channel.CallAsync(Authenticate, request, new CallMetadata(null, RequireLeader: true), timeout, cancel).ConfigureAwait(false);
            return answer.Token;
        }
        catch (CallFailure f) when (f.Status == EtcdStatusCode.FailedPrecondition && f.Detail == AuthenticationOff)
        {
            log.AuthenticationOff(channel.Endpoint, credentials.User);
            return null;
        }
        catch (CallFailure f) when (f.Execution == Execution.Maybe)
        {
            // Whatever became of it, the call that wanted the token was not sent: it may be tried again.
            throw new CallFailure(f.Endpoint, f.Status, $"no token: {f.Detail}", Execution.Never, f);
        }
    }

    /// <summary>Compared by identity: a renewed token is another one even if its text is the same.</summary>
    public sealed class Token(string? value)
    {
        public string? Value { get; } = value;
    }
}
