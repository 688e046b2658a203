using System.Globalization;
using BucketProxy.EtcdTesting;
using BucketProxy.SystemTest.Cluster;
using BucketProxy.Testing.Processes;

namespace BucketProxy.SystemTest.TwoServers;

/// <summary>A real nginx that splits bases between two servers by the first hex digit of the UUID, as SeaTable's manual has it.</summary>
internal sealed class NginxProcess : RestartableProcess, IEntrance
{
    private readonly int _port = FreePort.Next();
    private readonly string _program;
    private readonly string _directory;
    private readonly string _one;
    private readonly string _two;
    private int _generation;

    /// <param name="program">nginx itself.</param>
    /// <param name="directory">Where its files are.</param>
    /// <param name="one">The first server's address, which gets all that is not the second's.</param>
    /// <param name="two">The second server's address.</param>
    public NginxProcess(string program, string directory, string one, string two)
        : base("nginx")
    {
        _program = program;
        _directory = Directory.CreateDirectory(directory).FullName;
        _one = one;
        _two = two;
    }

    public string Authority => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public bool IsAway { get; set; }

    protected override string ReadyLine => NginxShell.Started;

    // It stands alone, and says nothing of the servers behind it: clients have nothing else to go by.
    public Task<bool> IsReadyAsync(HttpClient http) => Task.FromResult(true);

    /// <summary>Starts it with a split, and waits until it answers by that.</summary>
    /// <param name="ofTwo">First hex digits of the bases that the second server gets, as in a character class; empty: none.</param>
    public async Task StartAsync(string ofTwo)
    {
        await WriteAsync(ofTwo);
        await StartAsync();
        await UntilAnswersAsync();
    }

    /// <summary>Changes the map, reloads, and waits until new requests go by it. Servers are not told.</summary>
    public async Task ReloadAsync(string ofTwo)
    {
        await WriteAsync(ofTwo);
        // To nginx itself: a shell below "nohup" cannot hear it.
        await ChildProcess.SignalAsync("HUP", int.Parse(await File.ReadAllTextAsync(PidFile), CultureInfo.InvariantCulture));
        await UntilAnswersAsync();
    }

    private string PidFile => Path.Combine(_directory, "nginx.pid");

    protected override string[] Arguments() => [.. NginxShell.Command(_program, _directory)];

    protected override ChildProcess Launch() => ChildProcess.Start(Name, Arguments());

    private Task WriteAsync(string ofTwo)
    {
        _generation++;
        var second = ofTwo.Length == 0 ? "" : $"\"~*[/=][{ofTwo}][0-9a-f]{{7}}-[0-9a-f]{{4}}-\" two;";
        return File.WriteAllTextAsync(Path.Combine(_directory, "nginx.conf"), $$"""
            worker_processes 1;
            pid {{PidFile}};
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path {{_directory}}/body;
              proxy_temp_path {{_directory}}/proxy;
              fastcgi_temp_path {{_directory}}/fastcgi;
              uwsgi_temp_path {{_directory}}/uwsgi;
              scgi_temp_path {{_directory}}/scgi;
              upstream one { server {{_one}}; keepalive 15; }
              upstream two { server {{_two}}; keepalive 15; }
              map $request_uri $dtable_server {
                default one;
                {{second}}
              }
              map $http_upgrade $connection_upgrade {
                default upgrade;
                "" "";
              }
              server {
                listen {{Authority}};
                location = /generation { return 200 "{{_generation}}"; }
                location / {
                  proxy_pass http://$dtable_server;
                  proxy_http_version 1.1;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection $connection_upgrade;
                  client_max_body_size 100m;
                }
              }
            }
            """);
    }

    // A connection of its own each time: one that is kept would go on to the workers of before.
    private async Task UntilAnswersAsync()
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.ConnectionClose = true;
        var generation = _generation.ToString(CultureInfo.InvariantCulture);
        await Operator.UntilAsync("nginx goes by the new map", TimeSpan.FromSeconds(60), async () => await http.GetStringAsync($"http://{Authority}/generation") == generation);
    }
}
