using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BucketProxy.LoadBench.Processes;

/// <summary>A server that runs as a process of its own until it is disposed of.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);
    private readonly Process _process;
    private readonly Task _output;
    private bool _hasEnded;

    private ServerProcess(Process process, string log)
    {
        _process = process;
        Log = log;
        _output = CopyOutputAsync(process, log);
    }

    public int Pid => _process.Id;

    /// <summary>The file that holds what it printed.</summary>
    public string Log { get; }

    /// <summary>Starts a program and waits until it accepts connections on <paramref name="port"/>.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time; the message says what it printed.</exception>
    public static async Task<ServerProcess> StartAsync(
        string program, IEnumerable<string> arguments, int port, string log, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var server = new ServerProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."), log);
        var since = Stopwatch.GetTimestamp();
        while (!await AcceptsAsync(port))
        {
            if (server._process.HasExited || Stopwatch.GetElapsedTime(since) > StartLimit)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException($"{program} does not listen on port {port}: {await File.ReadAllTextAsync(log)}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
        return server;
    }

    /// <summary>Ends it; again is nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, Terminate);
            try
            {
                await _process.WaitForExitAsync().WaitAsync(StopLimit, TimeProvider.System);
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }
        await _output;
        _process.Dispose();
    }

    private static async Task CopyOutputAsync(Process process, string log)
    {
        await using var file = TextWriter.Synchronized(new StreamWriter(log) { AutoFlush = true });
        await Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));

        async Task CopyAsync(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
                await file.WriteLineAsync(line);
        }
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
