using System.Globalization;
using System.Text;
using System.Text.Unicode;
using BucketProxy.Cluster.Store;
using Microsoft.Data.Sqlite;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// The tables of the database, made to be read with <c>sqlite3</c> too: <c>entries</c>, <c>leases</c>, and one row of
/// <c>identity</c>.
/// </summary>
internal sealed class StoreTables : IDisposable
{
    public const int Version = 1;
    private const int ApplicationId = 0x42504B56; // "BPKV"

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _put;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _grant;
    private readonly SqliteCommand _end;
    private readonly SqliteCommand _identify;

    public StoreTables(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("begin immediate");
        _commit = Prepare("commit");
        _put = Prepare("insert or replace into entries values ($1, $2, $3, $4, $5, $6, $7)", 7);
        _delete = Prepare("delete from entries where key = $1", 1);
        _grant = Prepare("insert or replace into leases values ($1, $2, $3)", 3);
        _end = Prepare("delete from leases where lease = $1", 1);
        _identify = Prepare("insert or replace into identity values (1, $1, $2, $3, $4)", 4);
    }

    /// <summary>Makes the tables in an empty database.</summary>
    public static void Create(SqliteConnection connection) => Execute(connection, $"""
        pragma application_id = {ApplicationId};
        pragma user_version = {Version};
        create table identity (
            id integer primary key check (id = 1),
            cluster text not null,
            revision integer not null,
            commits integer not null,
            checksum integer not null);
        create table entries (
            key text primary key not null,
            value not null,
            create_revision integer not null,
            mod_revision integer not null,
            version integer not null,
            lease integer not null,
            checksum integer not null) without rowid;
        create table leases (
            lease integer primary key not null,
            seconds integer not null,
            checksum integer not null);
        """);

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static object? Ask(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>Sees to it that a commit is flushed, in a log that can be flushed with one fsync.</summary>
    /// <exception cref="IOException">SQLite says that it is not so.</exception>
    public static void MakeDurable(SqliteConnection connection)
    {
        // Checkpoints are taken by hand: SQLite's own pass over errors.
        Execute(connection, "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0");
        var mode = (string)Ask(connection, "pragma journal_mode")!;
        var synchronous = (long)Ask(connection, "pragma synchronous")!;
        if (mode != "wal" || synchronous != 2)
        {
            throw new IOException(
                $"{connection.DataSource} cannot be used: journal_mode is {mode}, not wal, or synchronous is {synchronous}, not 2, so a commit would not survive a crash.");
        }
    }

    /// <summary>Moves the log into the database file, flushed, and empties it. Returns what is in the way; null: nothing.</summary>
    public static string? Checkpoint(SqliteConnection connection) =>
        (long)Ask(connection, "pragma wal_checkpoint(truncate)")! == 0 ? null : "another program reads the database";

    /// <summary>Everything in it, checked.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or something else. The message says what, and where.</exception>
    public static StoreContent Read(SqliteConnection connection)
    {
        if ((long)Ask(connection, "pragma application_id")! != ApplicationId)
            throw new InvalidDataException("it is a database of something else, or its head is wrong");
        if ((long)Ask(connection, "pragma user_version")! is var version && version != Version)
            throw new InvalidDataException($"its format is version {version}, this program knows {Version}");
        if ((string)Ask(connection, "pragma quick_check(1)")! is var verdict && verdict != "ok")
            throw new InvalidDataException($"SQLite says: {verdict}");
        try
        {
            return ReadRows(connection);
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidCastException)
        {
            // A value that is not there, where the tables as they were made always have one.
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static StoreContent ReadRows(SqliteConnection connection)
    {
        var leases = ReadLeases(connection);
        var entries = ReadEntries(connection);
        using var command = connection.CreateCommand();
        command.CommandText = "select cluster, revision, commits, checksum from identity";
        using var reader = command.ExecuteReader();
        if (!reader.Read() || !ulong.TryParse(reader.GetString(0), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var clusterId))
            throw new InvalidDataException("table identity has no row that can be read");
        var content = new StoreContent(new StoreModelState(clusterId, reader.GetInt64(1), entries, leases), reader.GetInt64(2));
        if (reader.GetInt64(3) != IdentityChecksum(content, content.Revision, content.Commits, content.Rows))
            throw new InvalidDataException("table identity fails its checksum: it is wrong, or rows are missing, left over, or of another time");
        return content;
    }

    /// <summary>Writes a whole content into new tables.</summary>
    public void Write(StoreContent content)
    {
        _begin.ExecuteNonQuery();
        foreach (var lease in content.Leases)
            Put(lease);
        foreach (var entry in content.Entries)
            Put(entry);
        Identify(content, content.Revision, content.Commits, content.Rows);
        _commit.ExecuteNonQuery();
    }

    /// <summary>Writes what a commit changes of the content before it.</summary>
    public void Write(StoreDelta delta, StoreContent before)
    {
        _begin.ExecuteNonQuery();
        foreach (var (id, lease) in delta.Leases)
        {
            if (lease is null)
                Run(_end, id);
            else
                Put(lease);
        }
        foreach (var (key, entry) in delta.Entries)
        {
            if (entry is null)
                Run(_delete, TextOrBytes(Encoding.UTF8.GetBytes(key)));
            else
                Put(entry);
        }
        Identify(before, delta.Revision, before.Commits + 1, before.RowsAfter(delta));
    }

    /// <summary>Commits it: SQLite flushes its log.</summary>
    public void Commit() => _commit.ExecuteNonQuery();

    public void Dispose()
    {
        foreach (var command in (ReadOnlySpan<SqliteCommand>)[_begin, _commit, _put, _delete, _grant, _end, _identify])
            command.Dispose();
    }

    private void Put(StoreEntry entry) => Run(
        _put, TextOrBytes(Encoding.UTF8.GetBytes(entry.Key)), TextOrBytes(entry.Value.Span),
        entry.CreateRevision, entry.ModRevision, entry.Version, entry.LeaseId, RowChecksum.Of(entry));

    private void Put(LeaseGrant lease)
    {
        var seconds = (long)lease.TimeToLive.TotalSeconds;
        Run(_grant, lease.LeaseId, seconds, RowChecksum.OfLease(lease.LeaseId, seconds));
    }

    private void Identify(StoreContent content, long revision, long commits, long rows) => Run(
        _identify, content.ClusterId.ToString("x", CultureInfo.InvariantCulture), revision, commits,
        IdentityChecksum(content, revision, commits, rows));

    private static long IdentityChecksum(StoreContent content, long revision, long commits, long rows) =>
        RowChecksum.OfIdentity(content.ClusterId, revision, commits, rows);

    private static List<LeaseGrant> ReadLeases(SqliteConnection connection)
    {
        var leases = new List<LeaseGrant>();
        using var command = connection.CreateCommand();
        command.CommandText = "select lease, seconds, checksum from leases";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var (id, seconds) = (reader.GetInt64(0), reader.GetInt64(1));
            if (reader.GetInt64(2) != RowChecksum.OfLease(id, seconds))
                throw new InvalidDataException($"lease {id:x} in table leases fails its checksum");
            leases.Add(new LeaseGrant(id, TimeSpan.FromSeconds(seconds)));
        }
        return leases;
    }

    private static List<StoreEntry> ReadEntries(SqliteConnection connection)
    {
        var entries = new List<StoreEntry>();
        using var command = connection.CreateCommand();
        command.CommandText = "select key, value, create_revision, mod_revision, version, lease, checksum from entries";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var (key, value) = (reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1));
            var entry = new StoreEntry(
                Encoding.UTF8.GetString(key), value, reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5));
            if (reader.GetInt64(6) != RowChecksum.OfEntry(key, value, entry.CreateRevision, entry.ModRevision, entry.Version, entry.LeaseId))
                throw new InvalidDataException($"key '{entry.Key}' in table entries fails its checksum");
            entries.Add(entry);
        }
        return entries;
    }

    // As text where it is text, so that a person can read it; a text with a zero in it is cut off by half of all tools.
    private static object TextOrBytes(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) && !bytes.Contains((byte)0) ? Encoding.UTF8.GetString(bytes) : bytes.ToArray();

    private SqliteCommand Prepare(string sql, int parameters = 0)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i}") });
        return command;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }
}
