using BucketProxy.Core.Nodes;
using BucketProxy.Testing.Wire;

namespace BucketProxy.Gateway.Tests.Support;

/// <summary>A node made of raw sockets.</summary>
/// <param name="script">What it answers: <see cref="RawServer"/>.</param>
/// <param name="id">The node's id.</param>
/// <param name="port">0 for a free one.</param>
internal sealed class FakeNode(Func<RawRequest, RawConnection, Task>? script = null, string id = "dtable-server-01", int port = 0) : RawServer(script, port)
{
    public string Id => id;

    public NodeRecord Record => RecordFor("");

    public NodeRecord RecordFor(string path) => new()
    {
        Id = Id,
        LocalUrl = new Uri($"http://127.0.0.1:{Port}{path}"),
        LocalUrlText = $"http://127.0.0.1:{Port}{path}",
    };
}
