using System.Diagnostics;
using System.Globalization;

namespace BucketProxy.LoadBench.Loads;

/// <summary>wrk with the project's script: requests for random bases, one after the other on each connection.</summary>
/// <param name="Connections">Connections.</param>
/// <param name="Suffix">What follows the base in the path.</param>
/// <param name="BodyBytes">Length of the body that is posted; 0 for GET.</param>
/// <param name="NewConnections">A connection for each request.</param>
internal sealed record Wrk(int Connections, string Suffix, int BodyBytes = 0, bool NewConnections = false)
{
    /// <param name="Requests">Requests answered.</param>
    /// <param name="Seconds">Time that it took.</param>
    /// <param name="Bytes">Bytes received, heads included.</param>
    /// <param name="Errors">Answers that are no success, and failed connects, reads and writes.</param>
    /// <param name="Percentile99">Of a closed loop: a server that stalls is asked less.</param>
    internal readonly record struct Result(long Requests, double Seconds, long Bytes, long Errors, TimeSpan Percentile99);

    public async Task<Result> RunAsync(string script, int port, TimeSpan duration)
    {
        var threads = Math.Min(2, Connections);
        var bases = BodyBytes > 0 ? 256 : 4096;
        string[] arguments =
        [
            "-t", Number(threads), "-c", Number(Connections), "-d", Number((int)Math.Ceiling(duration.TotalSeconds)) + "s",
            "--timeout", "10s", "-s", script, Text($"http://127.0.0.1:{port}"), "--",
            BodyBytes > 0 ? "POST" : "GET", Suffix, Number(BodyBytes), Number(bases), NewConnections ? "1" : "0",
        ];
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException("wrk did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("RESULT ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"wrk failed: {output} {await errors}");
        var fields = line.Split(' ').Skip(1).Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return new Result(fields[0], fields[1] / 1e6, fields[2], fields[3], TimeSpan.FromMicroseconds(fields[5]));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
