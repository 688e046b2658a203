using BucketProxy.Monitor.Alarms;
using BucketProxy.Monitor.Telemetry;
using BucketProxy.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BucketProxy.Monitor.Tests.Alarms;

public sealed class AlarmBoardTests
{
    [Fact]
    public void Show_AlarmStaysComesAndGoes_EachComingIsCountedOnce()
    {
        using var figures = new Figures();
        using var metrics = new MonitorMetrics(figures);
        var board = new AlarmBoard(NullLogger.Instance, metrics.Raised);
        var alarm = new Alarm(AlarmKind.SuspectNode, "dtable-server-01", "", "");

        board.Show([alarm]);
        board.Show([alarm, alarm with { Subject = "dtable-server-02" }]);
        board.Show([]);
        board.Show([alarm]);

        var raised = figures.Now("bucketproxy.alarms.raised");
        Assert.Equal(3, raised["kind=suspect-node"]);
        Assert.Equal(Enum.GetValues<AlarmKind>().Length, raised.Count);
        Assert.Equal(3, raised.Values.Sum());
    }
}
