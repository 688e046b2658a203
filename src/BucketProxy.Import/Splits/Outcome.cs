namespace BucketProxy.Import.Splits;

/// <summary>What becomes of a request.</summary>
internal abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>It goes to a server.</summary>
    /// <param name="Url">The server's, without a path.</param>
    /// <param name="Strips">How its path begins, which is replaced; null: the path goes on as it came.</param>
    /// <param name="With">What stands in that place.</param>
    public sealed record Server(string Url, string? Strips = null, string With = "") : Outcome
    {
        public override string ToString() => Url;
    }

    /// <summary>A server gets it under another path than from us.</summary>
    public sealed record Elsewhere(string Url, string Path) : Outcome
    {
        public override string ToString() => $"{Url} under the path {Path}";
    }

    /// <summary>The proxy answers it by itself.</summary>
    /// <param name="What">For people, as in "it gets …".</param>
    public sealed record Answer(string What) : Outcome
    {
        public override string ToString() => What;
    }
}
