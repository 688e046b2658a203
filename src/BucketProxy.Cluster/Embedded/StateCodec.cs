using BucketProxy.Cluster.Store;

namespace BucketProxy.Cluster.Embedded;

/// <summary>Snapshots and changes as bytes.</summary>
internal static class StateCodec
{
    private const byte Version = 1;
    private const byte WrittenKind = 1;
    private const byte LeaseGrantedKind = 2;
    private const byte LeaseEndedKind = 3;

    public static byte[] EncodeState(StoreModelState state)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Version);
        writer.Write(state.ClusterId);
        writer.Write(state.Revision);
        writer.Write(state.Leases.Count);
        foreach (var lease in state.Leases)
        {
            writer.Write(lease.LeaseId);
            writer.Write(lease.TimeToLive.Ticks);
        }
        writer.Write(state.Entries.Count);
        foreach (var entry in state.Entries)
        {
            writer.Write(entry.Key);
            WriteEntry(writer, entry);
            writer.Write(entry.ModRevision);
        }
        writer.Flush();
        return stream.ToArray();
    }

    public static StoreModelState DecodeState(ReadOnlyMemory<byte> payload)
    {
        using var reader = Reader(payload);
        var clusterId = reader.ReadUInt64();
        var revision = reader.ReadInt64();
        var leases = new LeaseGrant[reader.ReadInt32()];
        for (var i = 0; i < leases.Length; i++)
            leases[i] = new LeaseGrant(reader.ReadInt64(), new TimeSpan(reader.ReadInt64()));
        var entries = new StoreEntry[reader.ReadInt32()];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = ReadEntry(reader, reader.ReadString(), 0);
            entries[i] = entry with { ModRevision = reader.ReadInt64() };
        }
        return new StoreModelState(clusterId, revision, entries, leases);
    }

    public static byte[] EncodeChanges(IReadOnlyList<StoreChange> changes)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Version);
        writer.Write(changes.Count);
        foreach (var change in changes)
        {
            switch (change)
            {
                case StoreChange.Written written:
                    writer.Write(WrittenKind);
                    writer.Write(written.Revision);
                    writer.Write(written.Events.Count);
                    foreach (var e in written.Events)
                    {
                        writer.Write(e.Key);
                        writer.Write(e.Entry is not null);
                        if (e.Entry is not null)
                            WriteEntry(writer, e.Entry);
                    }
                    break;
                case StoreChange.LeaseGranted granted:
                    writer.Write(LeaseGrantedKind);
                    writer.Write(granted.LeaseId);
                    writer.Write(granted.TimeToLive.Ticks);
                    break;
                case StoreChange.LeaseEnded ended:
                    writer.Write(LeaseEndedKind);
                    writer.Write(ended.LeaseId);
                    break;
            }
        }
        writer.Flush();
        return stream.ToArray();
    }

    public static List<StoreChange> DecodeChanges(ReadOnlyMemory<byte> payload)
    {
        using var reader = Reader(payload);
        var changes = new List<StoreChange>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var kind = reader.ReadByte();
            changes.Add(kind switch
            {
                WrittenKind => ReadWritten(reader),
                LeaseGrantedKind => new StoreChange.LeaseGranted(reader.ReadInt64(), new TimeSpan(reader.ReadInt64())),
                LeaseEndedKind => new StoreChange.LeaseEnded(reader.ReadInt64()),
                _ => throw new InvalidDataException($"Change of kind {kind} is not known to this version."),
            });
        }
        return changes;
    }

    private static StoreChange.Written ReadWritten(BinaryReader reader)
    {
        var revision = reader.ReadInt64();
        var events = new WatchEvent[reader.ReadInt32()];
        for (var i = 0; i < events.Length; i++)
        {
            var key = reader.ReadString();
            events[i] = new WatchEvent(key, revision, reader.ReadBoolean() ? ReadEntry(reader, key, revision) : null);
        }
        return new StoreChange.Written(revision, events);
    }

    private static void WriteEntry(BinaryWriter writer, StoreEntry entry)
    {
        writer.Write(entry.Value.Length);
        writer.Write(entry.Value.Span);
        writer.Write(entry.CreateRevision);
        writer.Write(entry.Version);
        writer.Write(entry.LeaseId);
    }

    private static StoreEntry ReadEntry(BinaryReader reader, string key, long modRevision)
    {
        var value = reader.ReadBytes(reader.ReadInt32());
        return new StoreEntry(key, value, reader.ReadInt64(), modRevision, reader.ReadInt64(), reader.ReadInt64());
    }

    private static BinaryReader Reader(ReadOnlyMemory<byte> payload)
    {
        var reader = new BinaryReader(new MemoryStream(payload.ToArray()));
        var version = reader.ReadByte();
        return version == Version
            ? reader
            : throw new InvalidDataException($"Format version {version} is not known to this version; it knows {Version}.");
    }
}
