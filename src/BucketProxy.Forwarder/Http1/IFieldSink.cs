namespace BucketProxy.Forwarder.Http1;

/// <summary>Takes header lines.</summary>
internal interface IFieldSink
{
    /// <param name="name">A token, as it was spelled.</param>
    /// <param name="value">Without white space around it; any bytes but control characters.</param>
    void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}

/// <summary>Takes none.</summary>
internal readonly struct NoFields : IFieldSink
{
    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
    }
}
