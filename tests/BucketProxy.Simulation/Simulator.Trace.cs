using BucketProxy.Cluster.Store;

namespace BucketProxy.Simulation;

/// <summary>A run, told step by step.</summary>
internal sealed partial class Simulator
{
    private void Trace(Message message)
    {
        var words = message switch
        {
            Outside { What: "" } => null,
            Outside outside => "** " + outside.What,
            StoreRequest { Call: WriteCall write } request =>
                $"{request.From.Role} {request.From.Index}.{request.From.Run} writes {write.Subject}{(request.ReplyIsLost ? " (no answer)" : "")}: "
                + string.Join("; ", write.Transaction.Success.Select(Words)),
            ReleaseRequest release => $"release {release.Bucket}{release.Pin} asked of node {release.Node}",
            ReleaseReply reply => $"release {reply.Bucket}: {reply.Failure ?? "done"}",
            RestartRequest restart => $"restart of node {restart.Node}",
            ForwardedRequest request => $"request {request.Number} of {request.From.Role} {request.From.Index} for {request.Base} comes to node {request.Node}",
            RequestWork work => $"request {work.Request.Number} is written by node {work.Node.Index}.{work.Node.Run}",
            Tick or Admission or RunFlushes or FuseBurns or Resend or RequestEnded or ViewDelivery or NewestView or StoreReply or StoreCallFailed => null,
            RunRequest request => $"request {request.Number} for {request.Base} goes to {request.Incarnation}",
            RunWork work => $"request {work.Number} is written by {work.Incarnation}{(_world.RunOf(work.Incarnation) is null ? ", which is dead" : "")}",
            LateSave late => $"a save of {late.Dead.Incarnation} comes late",
            GateTold told => $"gate {told.To.Index}.{told.To.Run} hears: {told.Event}",
            RunStarts or RunAnswers or RunStops or RunReleases => message.ToString(),
            _ => null,
        };
        if (words is not null)
            _trace!.WriteLine($"{_world.Now.TotalSeconds,8:F3} r{_world.Store.Revision} {words}");
    }

    private static string Words(StoreOperation operation) => operation switch
    {
        PutOperation put => $"{put.Key} = {System.Text.Encoding.UTF8.GetString(put.Value.Span)}",
        DeleteOperation delete => $"delete {delete.Key}",
        _ => operation.ToString(),
    };
}
