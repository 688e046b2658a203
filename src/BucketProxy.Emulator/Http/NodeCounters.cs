using System.Text.Json.Nodes;

namespace BucketProxy.Emulator.Http;

/// <summary>What <c>/api/v1/admin/sys-info/</c> tells of one node. Thread-safe.</summary>
internal sealed class NodeCounters(Func<int> sockets, Func<int> loaded)
{
    private readonly Lock _lock = new();
    private long _operations;
    private long _operationsAtSave;
    private long _lastPeriodOperations;
    private int _lastSaved;
    private DateTimeOffset? _saveStart;
    private DateTimeOffset? _saveEnd;

    public long Operations => Interlocked.Read(ref _operations);

    public void CountOperation() => Interlocked.Increment(ref _operations);

    public void CountSaving(DateTimeOffset start, DateTimeOffset end, int saved)
    {
        lock (_lock)
        {
            var operations = Operations;
            _lastPeriodOperations = operations - _operationsAtSave;
            _operationsAtSave = operations;
            (_saveStart, _saveEnd, _lastSaved) = (start, end, saved);
        }
    }

    public JsonObject ToJson()
    {
        lock (_lock)
        {
            return new JsonObject
            {
                ["web_socket_count"] = sockets(),
                ["app_connection_count"] = 0,
                ["operation_count_since_up"] = Operations,
                ["loaded_dtables_count"] = loaded(),
                ["last_period_operations_count"] = _lastPeriodOperations,
                ["last_dtable_saving_count"] = _lastSaved,
                ["last_dtable_saving_start_time"] = _saveStart?.ToUnixTimeMilliseconds(),
                ["last_dtable_saving_end_time"] = _saveEnd?.ToUnixTimeMilliseconds(),
            };
        }
    }
}
