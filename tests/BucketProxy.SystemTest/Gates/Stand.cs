namespace BucketProxy.SystemTest.Gates;

/// <summary>How a server stands behind its gate.</summary>
internal enum Stand
{
    /// <summary>The gate runs it, and restarts it for a planned move.</summary>
    Restarted,

    /// <summary>The gate runs it, and calls it for a planned move.</summary>
    Called,

    /// <summary>The gate runs it. It does not stop when it is told to, and saves what it holds whether it changed or not. No planned moves.</summary>
    Zombie,

    /// <summary>Somebody else runs it. The gate calls it for a planned move.</summary>
    Unsupervised,

    /// <summary>Somebody else runs it, and it is a zombie. The gate says that it runs it, and runs another program: its command is wrong.</summary>
    Elsewhere,
}
