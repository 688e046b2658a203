namespace BucketProxy.Import.Splits;

/// <summary>A configuration that is not taken over. The message says where and why.</summary>
public sealed class ImportException : FormatException
{
    /// <summary>For the whole configuration.</summary>
    public ImportException(string reason)
        : base(reason)
    {
    }

    /// <summary>For a place in it.</summary>
    public ImportException(Place at, string reason)
        : base($"{at}: {reason}")
    {
    }
}
