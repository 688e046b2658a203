using BucketProxy.Gateway.Upstream;

namespace BucketProxy.Gateway.Forwarding;

/// <summary>Asks a node something on our own account.</summary>
internal static class NodeFetch
{
    private const int Begin = 4096;

    /// <summary>Sends a GET and reads its whole answer.</summary>
    /// <param name="link">The node.</param>
    /// <param name="head">The request.</param>
    /// <param name="most">Longest body, in bytes.</param>
    /// <param name="cancellationToken">Closes the connection; then any exception may come.</param>
    /// <exception cref="NodeUnreachableException">No connection could be made.</exception>
    /// <exception cref="IOException">The answer broke off, is malformed, or too long.</exception>
    public static async Task<(int Status, ReadOnlyMemory<byte> Body)> GetAsync(
        NodeLink link, ReadOnlyMemory<byte> head, int most, CancellationToken cancellationToken)
    {
        var node = link.Take(forCertain: true) ?? await link.ConnectAsync(cancellationToken);
        var isWhole = false;
        try
        {
            await using var cut = cancellationToken.UnsafeRegister(static n => ((NodeConnection)n!).Close(), node);
            await node.SendAsync(head);
            int status;
            do
            {
                if (!node.EndFill(await node.BeginFill()))
                    throw new IOException("The node closed the connection.");
            }
            while ((status = ReadHead(node)) == 0);
            var body = new byte[Begin];
            var length = 0;
            while (!node.IsBodyOver)
            {
                if (length == body.Length)
                    Array.Resize(ref body, length < most ? Math.Min(most, length * 2) : throw new IOException("The answer is too long."));
                length += node.HasBuffered
                    ? node.TakeBuffered(body.AsSpan(length))
                    : node.EndRead(body.AsSpan(length, await node.BeginRead(body.AsMemory(length))));
            }
            isWhole = true;
            return (status, body.AsMemory(0, length));
        }
        finally
        {
            if (isWhole)
                link.Return(node);
            else
                node.Close();
        }
    }

    private static int ReadHead(NodeConnection node)
    {
        while (true)
        {
            var bytes = node.FindHead();
            if (bytes.IsEmpty)
                return 0;
            var nothing = default(NoFields);
            var head = AnswerHead.Read(bytes, ref nothing);
            if (head.Status < 200)
                continue;
            node.BeginBody(head, isToHead: false);
            return head.Status;
        }
    }
}
