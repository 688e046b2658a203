using System.Text;

namespace BucketProxy.LoadBench.Loads;

/// <summary>Requests for random bases, made beforehand. The same seed gives the same bases, for every proxy.</summary>
internal static class BaseRequests
{
    public static byte[][] SmallGets(int count, int seed) =>
        [.. Bases(count, seed).Select(id => Encoding.ASCII.GetBytes(
            $"GET /api/v1/dtables/{id}/rows/?table_name=Table1 HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n"
            + "Authorization: Token 0123456789abcdef0123456789abcdef01234567\r\n\r\n"))];

    public static byte[] Upgrade(Guid id) => Encoding.ASCII.GetBytes(
        $"GET /socket.io/?dtable_uuid={id}&EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n"
        + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n");

    public static IEnumerable<Guid> Bases(int count, int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[16];
        for (var i = 0; i < count; i++)
        {
            random.NextBytes(bytes);
            yield return new Guid(bytes);
        }
    }
}
