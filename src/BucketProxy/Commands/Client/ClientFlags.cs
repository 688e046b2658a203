using System.CommandLine;
using BucketProxy.Configuration;

namespace BucketProxy.Commands.Client;

/// <summary>The flags that every client of the admin port has, and how its errors end.</summary>
internal sealed class ClientFlags
{
    private const string DefaultUrl = "http://127.0.0.1:5555";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Option<string?> _url = new("--url")
    {
        Description = $"The admin port of any proxy or monitor. Default: BUCKETPROXY_URL, else {DefaultUrl}.",
        HelpName = "URL",
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = "A file with the admin token. Default: BUCKETPROXY_TOKEN.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the answer as JSON, for scripts." };

    /// <summary>Adds the flags, and what the command does.</summary>
    /// <param name="command">The command.</param>
    /// <param name="environment">The outside.</param>
    /// <param name="run">What it does.</param>
    /// <param name="timeout">How long an answer may take; null: 10 s.</param>
    public static Command Add(
        Command command, CommandEnvironment environment, Func<ClientCall, CancellationToken, Task<int>> run, TimeSpan? timeout = null)
    {
        var flags = new ClientFlags();
        command.Add(flags._url);
        command.Add(flags._tokenFile);
        command.Add(flags._json);
        command.SetAction((parsed, cancel) => flags.RunAsync(parsed, environment, run, timeout ?? Timeout, cancel));
        return command;
    }

    private async Task<int> RunAsync(
        ParseResult parsed, CommandEnvironment environment, Func<ClientCall, CancellationToken, Task<int>> run, TimeSpan timeout, CancellationToken cancel)
    {
        var text = parsed.GetValue(_url) ?? environment.Variable("BUCKETPROXY_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return await FailAsync(ExitCode.Usage, $"--url '{text}' is not allowed; allowed: http://HOST:PORT or https://HOST:PORT.");
        try
        {
            var token = SecretFile.Resolve(environment.Variable("BUCKETPROXY_TOKEN"), parsed.GetValue(_tokenFile));
            using var connection = new AdminConnection(url, token, timeout);
            return await run(new ClientCall(parsed, connection, environment, parsed.GetValue(_json)), cancel);
        }
        catch (UnreachableException e)
        {
            return await FailAsync(ExitCode.Unreachable, e.Message);
        }
        catch (RefusedException e)
        {
            return await FailAsync(ExitCode.Refused, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await FailAsync(ExitCode.Usage, $"--token-file: {e.Message}");
        }

        async Task<int> FailAsync(int code, string message)
        {
            await environment.Error.WriteLineAsync(message);
            return code;
        }
    }
}

/// <summary>One call of a client command.</summary>
/// <param name="Parsed">The command line.</param>
/// <param name="Admin">The admin port.</param>
/// <param name="Environment">The outside.</param>
/// <param name="Json">JSON is asked for.</param>
internal sealed record ClientCall(ParseResult Parsed, AdminConnection Admin, CommandEnvironment Environment, bool Json)
{
    /// <summary>Reads something and shows it: as JSON where asked for, else as <paramref name="show"/> does.</summary>
    public async Task<T> ShowAsync<T>(string path, Action<T> show, CancellationToken cancel)
    {
        var text = await Admin.GetTextAsync(path, cancel);
        var read = AdminConnection.Read<T>(text);
        if (Json)
            Environment.WriteLine(text);
        else
            show(read);
        return read;
    }
}
