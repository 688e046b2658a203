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

    public BaseStorage(string directory, string writer)
    {
        _directory = Directory.CreateDirectory(directory).FullName;
        _writer = writer;
    }

    public static string FileOf(string directory, string id) => Path.Combine(directory, id + ".json");

    public BaseContent Load(BaseKey key)
    {
        var file = FileOf(_directory, key.Id);
        return File.Exists(file) ? BaseContent.FromFile(key.Id, File.ReadAllBytes(file)) : BaseContent.Empty(key.Id);
    }

    /// <summary>Writes the new file beside the old one; the answer puts it in place.</summary>
    public async Task<Action> PrepareAsync(BaseKey key, byte[] content, CancellationToken cancel)
    {
        var prepared = Path.Combine(_directory, $".{key.Id}.{_writer}.tmp");
        await File.WriteAllBytesAsync(prepared, content, cancel);
        return () => File.Move(prepared, FileOf(_directory, key.Id), overwrite: true);
    }
}
