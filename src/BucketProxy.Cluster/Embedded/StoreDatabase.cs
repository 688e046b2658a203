using BucketProxy.Cluster.Durability;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace BucketProxy.Cluster.Embedded;

/// <summary>
/// The content of an embedded store in an SQLite database. One <see cref="Append"/> is one transaction; when it returns, the
/// transaction is flushed. Not thread-safe.
/// </summary>
/// <remarks>
/// After any error the database is not touched again. The next <see cref="Append"/> writes everything to a new one, from
/// memory: after a failed fsync the system may show pages that are not on disk, and a commit behind them would be lost
/// with them.
/// </remarks>
internal sealed class StoreDatabase : IDisposable
{
    private const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE

    private readonly EmbeddedStoreOptions _options;
    private readonly IDisk _disk;
    private readonly ILogger _logger;
    private readonly Action<StoreStep>? _before;
    private StoreContent _content = null!;
    private SqliteConnection? _connection;
    private StoreTables? _tables;
    private long _checkpointAt;

    private StoreDatabase(EmbeddedStoreOptions options, IDisk disk, ILogger logger, Action<StoreStep>? before) =>
        (_options, _disk, _logger, _before) = (options, disk, logger, before);

    /// <summary>The cluster that it belongs to.</summary>
    public ulong ClusterId => _content.ClusterId;

    /// <summary>Opens the database in a directory, or makes one there.</summary>
    /// <param name="options">Where, and of which cluster.</param>
    /// <param name="disk">The directory.</param>
    /// <param name="newClusterId">For a new one.</param>
    /// <param name="logger">For what is found.</param>
    /// <param name="before">Told of every step before it is taken.</param>
    /// <exception cref="InvalidDataException">It is damaged, of another cluster, or of an earlier version. Nothing was changed.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read or written.</exception>
    public static StoreDatabase Open(
        EmbeddedStoreOptions options, IDisk disk, ulong newClusterId, ILogger logger, Action<StoreStep>? before)
    {
        var database = new StoreDatabase(options, disk, logger, before);
        database.Guarded(() => database.Open(newClusterId));
        return database;
    }

    /// <summary>A model of what was acknowledged, without history.</summary>
    /// <param name="leaseSeed">For the ids of leases to come.</param>
    /// <param name="now">Virtual time: every lease has its full time to live from here.</param>
    public StoreModel Load(ulong leaseSeed, TimeSpan now) => StoreModel.Restore(_content.Capture(), leaseSeed, now);

    /// <summary>Writes changes. When it returns they survive any crash; when it throws, nobody knows.</summary>
    /// <exception cref="InvalidDataException">The database is damaged.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Append(IReadOnlyList<StoreChange> changes)
    {
        var delta = new StoreDelta(changes, _content.Revision);
        Guarded(() =>
        {
            if (_tables is null)
                Rewrite(delta);
            else
                Commit(_tables, delta);
        });
        Remember();
        if (_tables is not null && LogLength >= _checkpointAt)
            Checkpoint();
    }

    /// <summary>Closes it. Where the disk allows, the database file is all that is left of it.</summary>
    public void Dispose()
    {
        if (_tables is not null && Checkpoint())
            _ = raw.sqlite3_db_config(_connection!.Handle, NoCheckpointOnClose, 0, out _);
        Close();
    }

    private string Database => Path.Combine(_disk.Description, StoreFiles.Database);

    private long LogLength => new FileInfo(Database + "-wal") is { Exists: true } log ? log.Length : 0;

    private void Open(ulong newClusterId)
    {
        if (StoreFiles.OfAnEarlierVersion(_disk) is { } old)
        {
            throw new InvalidDataException(
                $"{_disk.Description} holds a store as version 0.1 wrote it ({old}), which this version cannot read. Go on with version 0.1, or begin "
                + "anew: stop the dtable-servers, move the whole data directory away, start again. See 'A store of version 0.1' in docs/operations.md.");
        }
        StoreFiles.Install(_disk);
        var (mark, torn) = CheckFiles();
        if (!File.Exists(Database))
        {
            _content = new StoreContent(new StoreModelState(_options.ClusterId ?? newClusterId, 1, [], []), 0);
            Build(_content);
        }
        var connection = Connect(Database);
        try
        {
            _content = StoreTables.Read(connection);
        }
        catch (InvalidDataException e)
        {
            throw Damaged($"{StoreFiles.Database}: {e.Message}", e);
        }
        if (_options.ClusterId is { } wanted && wanted != ClusterId)
            throw new InvalidDataException($"The store in {_disk.Description} belongs to cluster {ClusterId:x}, not to {wanted:x}.");
        CheckMark(mark);
        if (torn)
            Log.TornTail(_logger, _disk.Description);
        Use(connection);
        // What the log holds may be in the page cache and not on disk, after a failed fsync of a process before this one. In the
        // database file it is flushed anew; and a torn end is gone for good.
        if (LogLength > 0 && StoreTables.Checkpoint(connection) is { } why)
            throw new IOException($"{Database} cannot be used: {why}.");
        _disk.Write(StoreFiles.Mark, 0, new CommitMark(ClusterId, _content.Commits).ToLine());
        _disk.Flush(StoreFiles.Mark);
        _disk.FlushNames();
    }

    /// <summary>What can be seen without SQLite. (It must not be done while a connection is open: closing any handle of a file
    /// gives up the locks that the process has on it.)</summary>
    private (CommitMark? Mark, bool Torn) CheckFiles()
    {
        CommitMark? mark;
        try
        {
            mark = CommitMark.Read(_disk.Read(StoreFiles.Mark));
        }
        catch (InvalidDataException e)
        {
            throw Damaged($"{StoreFiles.Mark}: {e.Message}", e);
        }
        var log = LogLength > 0 ? File.ReadAllBytes(Database + "-wal") : [];
        if (!File.Exists(Database) && (mark is not null || log.Length > 0))
            throw Damaged($"{StoreFiles.Database} is not there, but other files of it are");
        return StoreLogScan.Read(log, out var torn) is { } what ? throw Damaged($"{StoreFiles.Log}: {what}") : (mark, torn);
    }

    private void CheckMark(CommitMark? mark)
    {
        if (mark is null)
            return;
        if (mark.ClusterId != ClusterId)
            throw Damaged($"{StoreFiles.Mark} is of cluster {mark.ClusterId:x}, {StoreFiles.Database} of {ClusterId:x}");
        if (mark.Commits > _content.Commits)
        {
            throw Damaged(
                $"{StoreFiles.Database} ends with commit {_content.Commits}, but commit {mark.Commits} was acknowledged: "
                + $"{StoreFiles.Log} is damaged or missing, or the database is an older one");
        }
    }

    private SqliteConnection Connect(string path)
    {
        var connection = _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = File.Exists(path) ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadWriteCreate,
            // Closed is closed: nothing may hold a file that is about to be replaced.
            Pooling = false,
            // Seconds, while another program has it locked.
            DefaultTimeout = 1,
        }.ConnectionString);
        connection.Open();
        // Else closing changes the files: also after an error, and also where damage was found.
        _ = raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);
        if (raw.sqlite3_db_readonly(connection.Handle, "main") != 0)
            throw new UnauthorizedAccessException($"{path} may not be written.");
        return connection;
    }

    /// <summary>Makes the connection ready for commits that are flushed.</summary>
    private void Use(SqliteConnection connection)
    {
        StoreTables.MakeDurable(connection);
        _tables = new StoreTables(connection);
        _checkpointAt = _options.CheckpointBytes;
    }

    private void Commit(StoreTables tables, StoreDelta delta)
    {
        _before?.Invoke(StoreStep.Write);
        tables.Write(delta, _content);
        _before?.Invoke(StoreStep.Commit);
        tables.Commit();
        _before?.Invoke(StoreStep.Answer);
        _content.Apply(delta);
    }

    private void Rewrite(StoreDelta delta)
    {
        var content = new StoreContent(_content.Capture(), _content.Commits);
        content.Apply(delta);
        Build(content);
        _before?.Invoke(StoreStep.Answer);
        Use(Connect(Database));
        _content = content;
    }

    /// <summary>Writes a content to a new database, and puts it in the place of the one that is there.</summary>
    private void Build(StoreContent content)
    {
        _before?.Invoke(StoreStep.Build);
        StoreFiles.DropNew(_disk);
        using (var connection = Connect(Path.Combine(_disk.Description, StoreFiles.New)))
        {
            // It does not count before it is whole, so nothing needs to be flushed on the way.
            StoreTables.Execute(connection, "pragma journal_mode = off; pragma synchronous = off");
            StoreTables.Create(connection);
            using (var tables = new StoreTables(connection))
                tables.Write(content);
            StoreTables.Execute(connection, "pragma journal_mode = wal");
            _ = raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 0, out _);
        }
        _before?.Invoke(StoreStep.Promote);
        StoreFiles.Promote(_disk);
        _before?.Invoke(StoreStep.Install);
        StoreFiles.Install(_disk);
    }

    /// <summary>Moves the log into the database. What it holds is on disk already, so an error fails no call.</summary>
    private bool Checkpoint()
    {
        try
        {
            _before?.Invoke(StoreStep.Checkpoint);
            var busy = StoreTables.Checkpoint(_connection!);
            if (busy is not null)
            {
                Log.CheckpointWaits(_logger, _disk.Description, busy);
                _checkpointAt = LogLength + _options.CheckpointBytes;
                return false;
            }
            _checkpointAt = _options.CheckpointBytes;
            _disk.Flush(StoreFiles.Mark);
            return true;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            Log.WriteFailed(_logger, _disk.Description, e.Message);
            Close();
            return false;
        }
    }

    private void Remember()
    {
        try
        {
            _disk.Write(StoreFiles.Mark, 0, new CommitMark(ClusterId, _content.Commits).ToLine());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The commit is on disk. Only damage of the log would be noticed less well.
            Log.WriteFailed(_logger, _disk.Description, e.Message);
        }
    }

    /// <summary>After an error nothing touches the files again but what writes a new database.</summary>
    private void Guarded(Action run)
    {
        try
        {
            run();
        }
        catch (SqliteException e)
        {
            Close();
            throw Failure(e);
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _tables?.Dispose();
        _connection?.Dispose();
        (_tables, _connection) = (null, null);
    }

    // An error in SQL that is always the same: the tables are not ours.
    private Exception Failure(SqliteException e) => e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_ERROR
        ? Damaged($"{StoreFiles.Database}: {e.Message}", e)
        : new IOException($"{Database}: {e.Message} (code {e.SqliteExtendedErrorCode})", e);

    private InvalidDataException Damaged(string what, Exception? inner = null) => new(
        $"The store in {_disk.Description} is damaged: {what}. Restore the directory from a backup; nothing was changed.", inner);
}
