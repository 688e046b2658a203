using BucketProxy.Etcd.Errors;
using BucketProxy.Etcd.Transport;
using Microsoft.Extensions.Logging;

namespace BucketProxy.Etcd.Calls;

/// <summary>The token that says who we are. Asked for once, kept by all calls, and asked for anew when a call finds that it ran out.</summary>
/// <remarks>
/// Each question costs etcd a bcrypt. So a refusal counts for all calls, and so does a new token that did not help: the question is put again only
/// after a pause that grows.
/// </remarks>
internal sealed class TokenSource(EtcdCredentials credentials, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>After a password is set right, it takes at most so long until it is used.</summary>
    internal static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private const string AuthenticationOff = "etcdserver: authentication is not enabled";
    private static readonly EtcdMethod<Wire.AuthenticateRequest, Wire.AuthenticateResponse> Authenticate =
        new("Auth/Authenticate", static (channel, request, options) => channel.Auth.AuthenticateAsync(request, options).ResponseAsync);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Pauses _asking = new(time);
    private readonly Pauses _renewing = new(time);
    private Token? _current;
    private CallFailure? _refusal;

    /// <summary>Whether a new token may be asked for in place of one that did not do.</summary>
    public bool MayRenew => !_renewing.IsOn;

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
            if (_refusal is { } refusal && _asking.IsOn)
                throw new CallFailure(refusal.Endpoint, refusal.Status, refusal.Detail, Execution.Refused);
            var token = new Token(await AskAsync(channel, timeout, cancel).ConfigureAwait(false));
            _asking.Over();
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

    /// <summary>A token that was renewed did.</summary>
    public void Helped() => _renewing.Over();

    /// <summary>A token that was renewed did not do either; counted once for each.</summary>
    public void DidNotHelp(Token renewed)
    {
        if (renewed.Blame())
            _renewing.Lengthen();
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
        catch (CallFailure f) when (f.Execution == Execution.Refused)
        {
            _refusal = f;
            _asking.Lengthen();
            throw;
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
        private int _blamed;

        public string? Value { get; } = value;

        /// <summary>True the first time.</summary>
        public bool Blame() => Interlocked.Exchange(ref _blamed, 1) == 0;
    }

    /// <summary>A pause that doubles each time.</summary>
    private sealed class Pauses(TimeProvider time)
    {
        private readonly Backoff _backoff = new(FirstPause, LongestPause);
        private readonly Lock _lock = new();
        private int _count;
        private long _since;
        private TimeSpan _length;

        public bool IsOn
        {
            get
            {
                lock (_lock)
                    return time.GetElapsedTime(_since) < _length;
            }
        }

        public void Lengthen()
        {
            lock (_lock)
                (_since, _length) = (time.GetTimestamp(), _backoff.Delay(_count++));
        }

        public void Over()
        {
            lock (_lock)
                (_count, _length) = (0, TimeSpan.Zero);
        }
    }
}
