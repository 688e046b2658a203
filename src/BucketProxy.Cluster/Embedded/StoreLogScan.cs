using System.Buffers.Binary;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// Reads SQLite's write-ahead log (https://sqlite.org/fileformat2.html#walformat) to tell a torn end from damage. SQLite itself
/// does not: it passes over the first frame with a wrong checksum and everything behind it, without a word.
/// </summary>
/// <remarks>A transaction is flushed before the next one begins. So a crash tears the last one at most, and a right frame
/// behind the end of the transaction that the wrong frame is in means that an acknowledged one is damaged.</remarks>
internal static class StoreLogScan
{
    private const int HeadLength = 32;
    private const int FrameHeadLength = 24;
    private const uint LittleEndianMagic = 0x377F0682;

    /// <summary>Reads a log.</summary>
    /// <param name="log">All of it.</param>
    /// <param name="torn">It ends in a transaction without its end.</param>
    /// <returns>What is damaged and where; null: nothing.</returns>
    public static string? Read(ReadOnlySpan<byte> log, out bool torn)
    {
        torn = false;
        if (!log.ContainsAnyExcept((byte)0))
            return null;
        if (log.Length < HeadLength || !IsHead(log[..HeadLength], out var pageSize, out var sum))
        {
            // SQLite flushes the head before the first frame.
            torn = log.Length <= HeadLength;
            return torn ? null : "its head fails its checksum";
        }
        var salts = log.Slice(16, 8);
        var length = FrameHeadLength + pageSize;
        var count = (log.Length - HeadLength) / length;
        var wrong = -1;
        var ended = true;
        var endBehindWrong = false;
        for (var i = 0; i < count; i++)
        {
            var frame = log.Slice(HeadLength + i * length, length);
            var ofThisLog = frame.Slice(8, 8).SequenceEqual(salts);
            var isEnd = BinaryPrimitives.ReadUInt32BigEndian(frame[4..]) != 0;
            sum = Add(Add(sum, frame[..8], log), frame[FrameHeadLength..], log);
            var said = Pair(frame[16..]);
            var isRight = ofThisLog && sum == said;
            sum = said;
            if (wrong < 0 && isRight)
            {
                ended = isEnd;
                continue;
            }
            if (wrong < 0)
                wrong = i;
            else if (isRight && endBehindWrong)
                return $"frame {wrong + 1} of {count}, at byte {HeadLength + wrong * length}, fails its checksum, and that is not its end";
            torn |= ofThisLog;
            endBehindWrong |= ofThisLog && isEnd;
        }
        torn |= !ended;
        return null;
    }

    private static bool IsHead(ReadOnlySpan<byte> head, out int pageSize, out (uint, uint) sum)
    {
        pageSize = BinaryPrimitives.ReadInt32BigEndian(head[8..]);
        sum = Add((0, 0), head[..24], head);
        return (BinaryPrimitives.ReadUInt32BigEndian(head) | 1) == (LittleEndianMagic | 1)
            && pageSize is >= 512 and <= 65536 && sum == Pair(head[24..]);
    }

    private static (uint, uint) Add((uint, uint) sum, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> log)
    {
        var little = BinaryPrimitives.ReadUInt32BigEndian(log) == LittleEndianMagic;
        var (a, b) = sum;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            a += Word(bytes, little) + b;
            b += Word(bytes[4..], little) + a;
        }
        return (a, b);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static (uint, uint) Pair(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
}
