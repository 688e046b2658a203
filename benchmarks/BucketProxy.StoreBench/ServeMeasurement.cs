using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BucketProxy.StoreBench;

/// <summary><c>bucketproxy serve</c> with an embedded store, from its start until it is ready, and its memory two seconds later.</summary>
internal static class ServeMeasurement
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static async Task<List<(string, double)>> RunAsync(string build)
    {
        var folder = Directory.CreateTempSubdirectory("bucketproxy-storebench-").FullName;
        try
        {
            var (data, admin) = (FreePort(), FreePort());
            var config = Path.Combine(folder, "bucketproxy.json");
            await File.WriteAllTextAsync(config, $$"""
                {
                  "store": "embedded", "dataDirectory": "{{folder}}/data",
                  "data": { "listen": "127.0.0.1:{{data}}" }, "admin": { "listen": "127.0.0.1:{{admin}}" },
                  "nodes": [{ "id": "dtable-server-01", "local_node_url": "http://127.0.0.1:9" }]
                }
                """);
            // Once to make the store: what is measured is a restart.
            await StartAsync(build, config, admin);
            return await StartAsync(build, config, admin);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<List<(string, double)>> StartAsync(string build, string config, int admin)
    {
        using var http = new HttpClient();
        var since = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(build, "bucketproxy.dll"), "serve", "--config", config])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            while (!await IsReadyAsync(http, admin))
            {
                if (process.HasExited)
                    throw new InvalidOperationException(string.Concat(await output));
                await Task.Delay(Pause, TimeProvider.System);
            }
            var ready = Stopwatch.GetElapsedTime(since);
            process.Refresh();
            var cpu = process.TotalProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            process.Refresh();
            return [("ready", ready.TotalMilliseconds), ("ready, CPU", cpu.TotalMilliseconds), ("resident", process.WorkingSet64 / 1e6)];
        }
        finally
        {
            using var stop = Process.Start("kill", process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync();
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, int admin)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{admin}/health/ready"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
