using System.Globalization;
using System.Text.Json;
using BucketProxy.Gateway.Outcomes;
using BucketProxy.Gateway.RequestLogging;
using BucketProxy.Gateway.Telemetry;
using BucketProxy.Gateway.Tests.Support;
using BucketProxy.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BucketProxy.Gateway.Tests.RequestLogging;

public sealed class RequestLogTests
{
    private static readonly RequestRecord Some = new()
    {
        Method = "GET",
        Target = "/x?token=abc",
        Client = "192.0.2.1",
        Status = 200,
        Cause = Cause.Local,
        Base = null,
        Node = null,
        Epoch = 0,
        Held = default,
        Duration = TimeSpan.FromMilliseconds(1.5),
        Bytes = 7,
        Trace = null,
    };

    [Fact]
    public async Task Requests_ThroughTheGateway_EachIsALineOfJson()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "requests.log");
        await using var node = new FakeNode((_, wire) => wire.SendAsync("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc"));
        await using (var log = new RequestLog(new FileOutput(file), RequestLogFormat.Json, TimeProvider.System))
        {
            await using var gateway = await GatewayUnderTest.StartAsync(
                null, telemetry: new GatewayTelemetry { RequestLog = log, Tracing = new TraceSampling(0, true) });
            var held = gateway.AskAsync(GatewayUnderTest.Send("POST", GatewayUnderTest.Path + "?access_token=abc", "12345"));
            await GatewayUnderTest.UntilAsync(() => gateway.Host.Held == 1, "it is held");
            gateway.Tables.OpenAll(node.Record);
            gateway.Tables.Publish();
            Assert.Equal(201, (await held).Status);
            Assert.Equal(404, (await gateway.AskAsync(GatewayUnderTest.Get("/nowhere?q=1"))).Status);
            await gateway.Host.StopAsync();
        }

        var lines = (await File.ReadAllLinesAsync(file)).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(2, lines.Length);
        var post = lines.Single(l => l.GetProperty("method").GetString() == "POST");
        Assert.Equal(GatewayUnderTest.Path + "?access_token=***", post.GetProperty("target").GetString());
        Assert.Equal(201, post.GetProperty("status").GetInt32());
        Assert.Equal("node", post.GetProperty("cause").GetString());
        Assert.Equal(node.Id, post.GetProperty("node").GetString());
        Assert.Equal(GatewayUnderTest.Uuid, post.GetProperty("base").GetString());
        Assert.Equal("0f", post.GetProperty("bucket").GetString());
        Assert.True(post.GetProperty("epoch").GetInt64() > 0);
        Assert.Equal(8, post.GetProperty("bytes").GetInt64());
        Assert.True(post.GetProperty("held_ms").GetDouble() > 0);
        Assert.True(post.GetProperty("duration_ms").GetDouble() >= post.GetProperty("held_ms").GetDouble());
        Assert.Equal("127.0.0.1", post.GetProperty("client").GetString());
        Assert.True(DateTimeOffset.TryParse(post.GetProperty("time").GetString(), CultureInfo.InvariantCulture, out _));
        var local = lines.Single(l => l.GetProperty("method").GetString() == "GET");
        Assert.Equal("local", local.GetProperty("cause").GetString());
        Assert.False(local.TryGetProperty("node", out _));
        Assert.False(local.TryGetProperty("base", out _));
    }

    [Fact]
    public async Task Write_AsText_OneLineForPeople()
    {
        var text = new StringWriter();
        var time = new FakeTimeProvider();
        await using (var log = new RequestLog(new SharedOutput(text), RequestLogFormat.Text, time))
            log.Write(Some with { Base = GatewayUnderTest.BaseId, Node = "dtable-server-01", Epoch = 42, Held = TimeSpan.FromMilliseconds(3) });

        Assert.Equal(
            $"{time.GetUtcNow().UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} 192.0.2.1 GET /x?token=*** 200 local dtable-server-01 0f@42 held 3 ms, took 1.5 ms, 7 bytes\n",
            text.ToString());
    }

    [Fact]
    public async Task Write_OutputStandsStill_DropsAndCountsAndNeverWaits()
    {
        var output = new StuckOutput();
        var log = new RequestLog(output, RequestLogFormat.Text, TimeProvider.System, capacity: 4);
        log.Write(Some);
        await output.Reached.WaitAsync(Patience.Limit, TimeProvider.System);
        for (var i = 0; i < 10; i++)
            log.Write(Some);

        Assert.Equal(6, log.Dropped);
        output.Free();
        await log.DisposeAsync();
        Assert.Equal(5, output.Lines);
    }

    [Fact]
    public async Task Write_OutputFails_CountsAndGoesOn()
    {
        var output = new FailingOutput();
        var log = new RequestLog(output, RequestLogFormat.Text, TimeProvider.System);
        log.Write(Some);
        await GatewayUnderTest.UntilAsync(() => log.Dropped == 1, "the lost line is counted");
        output.Fails = false;
        log.Write(Some);
        await log.DisposeAsync();

        Assert.Equal(1, log.Dropped);
        Assert.Equal(1, output.Written);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FileOutput_FileIsRotated_GoesOnInTheNewOne(bool byCopying)
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "requests.log");
        await using var output = new FileOutput(file);
        await output.WriteAsync("first and longer\n"u8.ToArray());
        if (byCopying)
        {
            File.Copy(file, file + ".1");
            await File.WriteAllTextAsync(file, "");
        }
        else
        {
            File.Move(file, file + ".1");
        }
        await output.WriteAsync("second\n"u8.ToArray());
        await output.WriteAsync("third\n"u8.ToArray());

        Assert.Equal("first and longer\n", await File.ReadAllTextAsync(file + ".1"));
        Assert.Equal("second\nthird\n", await File.ReadAllTextAsync(file));
    }

    private sealed class StuckOutput : IRequestLogOutput
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public int Lines { get; private set; }

        public void Free() => _free.SetResult();

        public async Task WriteAsync(ReadOnlyMemory<byte> lines)
        {
            _reached.TrySetResult();
            await _free.Task;
            Lines += lines.Span.Count((byte)'\n');
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class FailingOutput : IRequestLogOutput
    {
        public bool Fails { get; set; } = true;

        public int Written { get; private set; }

        public Task WriteAsync(ReadOnlyMemory<byte> lines)
        {
            if (Fails)
                return Task.FromException(new IOException("No space left on device"));
            Written++;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
