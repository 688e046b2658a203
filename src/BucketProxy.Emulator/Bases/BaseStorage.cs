namespace BucketProxy.Emulator.Bases;

/// <summary>
/// The storage all nodes share: one file per base. A save overwrites the whole file, whoever wrote it before, as the real one does:
/// that is how two nodes with one base destroy each other's rows. Renaming keeps a reader from half a file; no fsync, since
/// only processes crash here, never the machine.
/// </summary>
internal sealed class BaseStorage
{
    private readonly string _directory;
    private readonly string _writer;
    private readonly OperationLog? _log;

    /// <param name="directory">The folder.</param>
    /// <param name="writer">The node, so that two do not prepare one file.</param>
    /// <param name="logs">Whether every change is logged at once.</param>
    public BaseStorage(string directory, string writer, bool logs = false)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _writer = writer;
        _log = logs ? new OperationLog(directory) : null;
    }

    public static string FileOf(string directory, string id) => Path.Combine(directory, id + ".json");

    public BaseContent Load(BaseKey key)
    {
        var file = FileOf(_directory, key.Id);
        var content = File.Exists(file) ? BaseContent.FromFile(key.Id, File.ReadAllBytes(file)) : BaseContent.Empty(key.Id);
        if (_log is not null)
            content.Follow(_log);
        return content;
    }

    /// <summary>Writes the new file beside the old one; the answer puts it in place.</summary>
    public async Task<Action> PrepareAsync(BaseKey key, byte[] content, CancellationToken cancel)
    {
        var prepared = Path.Combine(_directory, $".{key.Id}.{_writer}.tmp");
        await File.WriteAllBytesAsync(prepared, content, cancel);
        return () => File.Move(prepared, FileOf(_directory, key.Id), overwrite: true);
    }
}
