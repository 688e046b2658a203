using System.Buffers.Binary;
using System.Globalization;
using BucketProxy.Cluster.Durability;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// A <see cref="StoreModel"/> on disk: a snapshot, and a log of the changes since. Not thread-safe.
/// </summary>
/// <remarks>
/// Files are <c>snapshot-G</c> and <c>log-G</c> of one generation G. The log of a generation is made before its snapshot,
/// so a snapshot without its log is damage, not a crash. One <see cref="Append"/> is one frame and is flushed before the
/// next is written: a crash can tear the last frame only, and no part of a torn frame was acknowledged. A frame that is
/// wrong while a right one follows is damage.
/// </remarks>
internal sealed class StoreLog(IDisk disk)
{
    private const string SnapshotName = "snapshot-";
    private const string LogName = "log-";
    private const int HeadLength = Frame.HeaderLength + sizeof(ulong);
    private ulong _generation;
    private ulong _sequence;
    private long _end;

    /// <summary>Bytes in the log since the snapshot.</summary>
    public long Length => _end;

    /// <summary>Whether the directory holds a store. One whose making was cut short, so that it never acknowledged
    /// anything, is none.</summary>
    public bool Exists() => disk.List().Any(n =>
        Parse(n, SnapshotName) is not null || Parse(n, LogName) is { } g && (g > 1 || disk.Read(n)!.Length > HeadLength));

    /// <summary>
    /// Reads what is there. Afterwards <see cref="Checkpoint"/> must be called before anything is appended if
    /// <paramref name="torn"/> is true.
    /// </summary>
    /// <param name="leaseSeed">For the ids of leases to come.</param>
    /// <param name="now">Virtual time: every lease has its full time to live from here.</param>
    /// <param name="torn">A last frame was cut short by a crash and is left out. It was never acknowledged.</param>
    /// <exception cref="InvalidDataException">What is there is damaged. The message says where.</exception>
    public StoreModel Load(ulong leaseSeed, TimeSpan now, out bool torn)
    {
        var generations = disk.List().Select(n => Parse(n, SnapshotName)).Where(g => g is not null).ToList();
        if (generations.Count == 0)
            throw Damaged("there is a log but no snapshot");
        _generation = generations.Max()!.Value;
        return Load(leaseSeed, now, long.MaxValue, out torn);
    }

    /// <summary>Reads the state again as of the last <see cref="Append"/> or <see cref="Checkpoint"/> that succeeded. What a
    /// failed one left, in the log or as newer files, is passed over: a crash may take it back.</summary>
    public StoreModel Reload(ulong leaseSeed, TimeSpan now) => Load(leaseSeed, now, _end, out _);

    /// <summary>Appends changes. When it returns they survive any crash; when it throws, nobody knows.</summary>
    public void Append(IReadOnlyList<StoreChange> changes)
    {
        var frame = Frame.Encode(_sequence + 1, StateCodec.EncodeChanges(changes));
        var name = Name(LogName, _generation);
        disk.Write(name, _end, frame);
        disk.Flush(name);
        _sequence++;
        _end += frame.Length;
    }

    /// <summary>Begins a new generation: the whole state as a snapshot, and an empty log.</summary>
    public void Checkpoint(StoreModelState state)
    {
        var next = _generation + 1;
        Span<byte> cluster = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(cluster, state.ClusterId);
        var head = Frame.Encode(0, cluster);
        disk.Replace(Name(LogName, next), head);
        disk.Replace(Name(SnapshotName, next), Frame.Encode(next, StateCodec.EncodeState(state)));
        _generation = next;
        _sequence = 0;
        _end = head.Length;
        // Only now is the old generation of no use. Whatever a crash leaves of it goes at the next checkpoint.
        foreach (var name in disk.List())
        {
            if (DiskExtensions.IsTemporary(name) || Generation(name) is { } g && g != next)
                disk.Delete(name);
        }
    }

    private StoreModel Load(ulong leaseSeed, TimeSpan now, long logEnd, out bool torn)
    {
        var snapshot = Name(SnapshotName, _generation);
        if (!Frame.TryDecode(disk.Read(snapshot), out var generation, out var payload) || generation != _generation)
            throw Damaged($"{snapshot} fails its checksum");
        var model = StoreModel.Restore(StateCodec.DecodeState(payload), leaseSeed, now);
        var log = disk.Read(Name(LogName, _generation)) ?? throw Damaged($"{snapshot} is there but its log is not");
        Replay(model, log.AsMemory(0, (int)Math.Min(log.Length, logEnd)), now, out torn);
        return model;
    }

    private void Replay(StoreModel model, ReadOnlyMemory<byte> log, TimeSpan now, out bool torn)
    {
        var name = Name(LogName, _generation);
        torn = false;
        _sequence = 0;
        _end = 0;
        while (_end < log.Length)
        {
            var rest = log[(int)_end..];
            if (!Frame.TryDecode(rest, out var sequence, out var payload))
            {
                // The first frame came with the file's name, whole; and nothing follows a torn frame.
                if (_end == 0 || Frame.Find(rest) >= 0)
                    throw Damaged($"{name} fails its checksum at byte {_end} of {log.Length}, and that is not its end");
                torn = true;
                return;
            }
            if (_end == 0)
            {
                if (sequence != 0 || payload.Length != sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(payload.Span) != model.ClusterId)
                    throw Damaged($"{name} belongs to another store than the snapshot beside it");
            }
            else
            {
                if (sequence != _sequence + 1)
                    throw Damaged($"{name} lacks entry {_sequence + 1}: entry {sequence} comes at byte {_end}");
                foreach (var change in StateCodec.DecodeChanges(payload))
                    model.Replay(change, now);
                _sequence = sequence;
            }
            _end += Frame.HeaderLength + payload.Length;
        }
        if (_end == 0)
            throw Damaged($"{name} is empty");
    }

    private InvalidDataException Damaged(string what) => new(
        $"The store in {disk.Description} is damaged: {what}. Restore the directory from a backup; nothing was changed.");

    private static string Name(string kind, ulong generation) => kind + generation.ToString("x16", CultureInfo.InvariantCulture);

    private static ulong? Generation(string name) => Parse(name, SnapshotName) ?? Parse(name, LogName);

    private static ulong? Parse(string name, string kind) =>
        name.StartsWith(kind, StringComparison.Ordinal)
        && ulong.TryParse(name.AsSpan(kind.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var g)
            ? g
            : null;
}
