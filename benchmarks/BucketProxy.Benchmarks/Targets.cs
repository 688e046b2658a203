using BucketProxy.Core.Bases;

namespace BucketProxy.Benchmarks;

/// <summary>What requests ask for.</summary>
internal static class Targets
{
    public const string Rows = "/api/v1/dtables/7a3c0f1e-5b2d-4c6e-8f90-1a2b3c4d5e6f/rows/?table_name=Table1&start=0&limit=100";
    public const string Prefixed = "/api-gateway/api/v2/dtables/7a3c0f1e-5b2d-4c6e-8f90-1a2b3c4d5e6f/sql/";
    public const string Escaped = "/api/v1/dtables/7a3c0f1e%2D5b2d%2D4c6e%2D8f90%2D1a2b3c4d5e6f/rows/";
    public const string Socket = "/socket.io/?dtable_uuid=7a3c0f1e-5b2d-4c6e-8f90-1a2b3c4d5e6f&EIO=4&transport=polling&sid=AbCdEf";

    public static readonly BaseId Base = BaseId.Parse("7a3c0f1e-5b2d-4c6e-8f90-1a2b3c4d5e6f");
}
